import fc from 'fast-check';
import type { View } from '../backend.ts';
import type { FloatDType } from '../dtype.ts';
import { sizeOf } from '../shape.ts';
import type { KernelLaw } from './kernel-family.ts';
import { activations, epilogueOf } from './kernel-laws.ts';
import { float, law } from './law.ts';
import {
  anyExtent,
  anyLayout,
  anySeed,
  freshOut,
  type Layout,
  type Operand,
  operand,
  smallExtent,
} from './operand.ts';
import { blocks, hashed, lowRank, type SampleFormula } from './sample-formulas.ts';
import { type Bench, compare } from './trial.ts';
import { anyCase, type Case, dtypeOf, matrix, pinned, storedOf } from './virtual-laws.ts';

/** Laws of products whose operand has several row and column axes: windows on images among them. */

/** Windows on images [batch, height, width, channels]: what makes a product a convolution. */
interface WindowsCase {
  readonly batch: number;
  /** Extents of the result. */
  readonly out: readonly [number, number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly channels: number;
}

const pairOf = (least: number, most: number) =>
  fc.tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }));

const anyWindows: fc.Arbitrary<WindowsCase> = fc.record({
  batch: fc.integer({ min: 0, max: 3 }),
  out: pairOf(1, 5),
  kernel: pairOf(1, 3),
  stride: pairOf(1, 3),
  dilation: pairOf(1, 2),
  channels: fc.integer({ min: 1, max: 9 }),
});

/** Rows enough for several panels of any backend. */
const manyWindows: WindowsCase = {
  batch: 5,
  out: [16, 15],
  kernel: [3, 2],
  stride: [1, 2],
  dilation: [2, 1],
  channels: 3,
};

/** A matrix operand of several axes: the first `rowAxes` are its rows. */
interface AxesCase {
  readonly rowAxes: number;
  readonly rows: readonly number[];
  /** The product of its other extents. */
  readonly cols: number;
  make(dtype: FloatDType, seed: number): Operand;
}

/** Matrices of several axes: in any layout, or windows on images, which overlap in memory. */
const anyAxes: fc.Arbitrary<AxesCase> = fc.oneof(
  fc
    .record({
      rows: fc.array(smallExtent, { minLength: 1, maxLength: 3 }),
      cols: fc.array(smallExtent, { minLength: 1, maxLength: 3 }),
      layout: anyLayout,
    })
    .map(({ rows, cols, layout }) => ({
      rowAxes: rows.length,
      rows,
      cols: sizeOf(cols),
      make: (dtype: FloatDType, seed: number) => operand(dtype, [...rows, ...cols], seed, { layout }),
    })),
  fc
    .tuple(
      fc.oneof({ weight: 12, arbitrary: anyWindows }, { weight: 1, arbitrary: fc.constant(manyWindows) }),
      anyLayout,
    )
    .map(([windows, layout]) => ({
      rowAxes: 3,
      rows: [windows.batch, ...windows.out],
      cols: sizeOf(windows.kernel) * windows.channels,
      make: (dtype: FloatDType, seed: number) => windowsOperand(dtype, windows, seed, layout),
    })),
);

function windowsOperand(
  dtype: FloatDType,
  { batch, out, kernel, stride, dilation, channels }: WindowsCase,
  seed: number,
  layout: Layout,
): Operand {
  const [height, width] = [0, 1].map(
    (axis) =>
      ((out[axis] as number) - 1) * (stride[axis] as number) +
      ((kernel[axis] as number) - 1) * (dilation[axis] as number) +
      1,
  ) as [number, number];
  const image = operand(dtype, [batch, height, width, channels], seed, { layout });
  const [ofBatch, ofRow, ofCol, ofChannel] = image.strides as [number, number, number, number];
  return {
    ...image,
    shape: [batch, ...out, ...kernel, channels],
    strides: [
      ofBatch,
      ofRow * stride[0],
      ofCol * stride[1],
      ofRow * dilation[0],
      ofCol * dilation[1],
      ofChannel,
    ],
  };
}

const matmulOfAxes: KernelLaw = law(
  'matmul',
  'rows and columns of several axes, windows on images among them',
  fc.record({
    axes: anyAxes,
    cols: anyExtent,
    layout: anyLayout,
    bias: fc.boolean(),
    activation: fc.nat({ max: activations.length }),
    float: fc.nat({ max: 1 }),
    seed: anySeed,
  }),
  (bench, { axes, cols, layout, bias, activation, float: kind, seed }) => {
    const dtype = float(bench, kind);
    return compare(bench, {
      kernel: 'matmul',
      operands: [
        axes.make(dtype, seed),
        operand(dtype, [axes.cols, cols], seed + 1, { layout }),
        freshOut(dtype, [...axes.rows, cols]),
        operand(dtype, [cols], seed + 2),
      ],
      outs: [2],
      call: ([a, b, out, added]) => [
        a as never,
        b as never,
        out as never,
        ...epilogueOf(bias ? added : undefined, activations[activation]),
      ],
    });
  },
);

/** Cases as those of `anyCase`, x of several axes. */
const axesCase = fc.record({ drawn: anyCase, axes: anyAxes }).map(({ drawn, axes }) => ({
  drawn: { ...drawn, size: [drawn.size[0], axes.cols] as const },
  axes,
}));

const forAxes =
  (check: (bench: Bench, drawn: Case, axes: AxesCase) => Promise<void>): KernelLaw['check'] =>
  (bench) =>
    fc.assert(
      fc.asyncProperty(axesCase, ({ drawn, axes }) => check(bench, drawn, axes)),
      { ...pinned, numRuns: 25 },
    );

const virtualMatmulOfAxes = (formula: SampleFormula): KernelLaw => ({
  kernel: 'virtualMatmul',
  name: `virtualMatmul: ${formula.name}, x of several axes, windows on images among them`,
  check: forAxes((bench, drawn, axes) => {
    const dtype = dtypeOf(bench, drawn);
    const [rows] = drawn.size;
    return compare(bench, {
      kernel: 'virtualMatmul',
      operands: [
        axes.make(dtype, drawn.seed),
        operand(dtype, [rows], drawn.seed + 1, drawn.layouts[1]),
        freshOut(dtype, [...axes.rows, rows]),
        ...storedOf(formula, drawn, dtype),
      ],
      outs: [2],
      call: ([x, added, out, ...values]) => [
        x as View,
        matrix(formula, drawn, values),
        out as View,
        ...epilogueOf(drawn.bias ? added : undefined, activations[drawn.activation]),
      ],
    });
  }),
});

const virtualFoldOfAxes = (formula: SampleFormula): KernelLaw => ({
  kernel: 'virtualFold',
  name: `virtualFold: ${formula.name}, dY and x of several axes, windows on images among them`,
  check: forAxes((bench, drawn, axes) => {
    const dtype = dtypeOf(bench, drawn);
    const stored = storedOf(formula, drawn, dtype);
    const outs = stored.map(({ shape }, slot) => operand(dtype, shape, drawn.seed + 20 + slot));
    return compare(bench, {
      kernel: 'virtualFold',
      operands: [
        operand(dtype, [...axes.rows, drawn.size[0]], drawn.seed, drawn.layouts[0]),
        axes.make(dtype, drawn.seed + 1),
        ...stored,
        ...outs,
      ],
      outs: outs.map((_, slot) => 2 + stored.length + slot),
      call: ([dY, x, ...rest]) => [
        dY as View,
        x as View,
        matrix(formula, drawn, rest.slice(0, stored.length)),
        formula.adjoint,
        rest.slice(stored.length),
      ],
    });
  }),
});

export const axesLaws: readonly KernelLaw[] = [
  matmulOfAxes,
  ...[hashed, lowRank, blocks].flatMap((formula) => [
    virtualMatmulOfAxes(formula),
    virtualFoldOfAxes(formula),
  ]),
];
