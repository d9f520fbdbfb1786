import { type Program, type Real, tracePointwise } from '@funhash/formula';
import fc from 'fast-check';
import type { Epilogue, View } from '../backend.ts';
import type { KernelLaw } from './kernel-family.ts';
import { float, law } from './law.ts';
import {
  anyExtent,
  anyLayout,
  anySeed,
  anyShape,
  freshOut,
  type Layout,
  type Operand,
  operand,
  writableLayout,
} from './operand.ts';
import { type Bench, compare, everyDType } from './trial.ts';

type Pointwise = (a: Real, b: Real, c: Real, d: Real) => readonly Real[];
const pointwise = (arity: number, statement: Pointwise): Program =>
  tracePointwise(arity, 2, (inputs, [s, t]) =>
    statement(...(inputs as [Real, Real, Real, Real])).map((out) => out.times(s as Real).plus(t as Real)),
  );
const plain = (arity: number, statement: Pointwise): Program =>
  tracePointwise(arity, 0, (inputs) => statement(...(inputs as [Real, Real, Real, Real])));

/** Programs over operands of [−1, 1.5], scaled by two scalars. */
const scaledPrograms: readonly [number, Program][] = [
  [1, pointwise(1, (x) => [x])],
  [2, pointwise(2, (x, y) => [x.plus(y), x.minus(y), x.times(y), x.over(y.times(y).plus(1))])],
  [1, pointwise(1, (x) => [x.tanh(), x.exp(), x.sin(), x.cos(), x.abs().sqrt(), x.times(x).plus(0.1).log()])],
  [3, pointwise(3, (x, y, z) => [x.maximum(y).minimum(z), x.relu().plus(y.negate().abs()), z])],
  [4, pointwise(4, (x, y, z, u) => [x.times(y).plus(z.times(u)).tanh()])],
];

/** Programs whose results are exact or one rounding away for all operands, infinities and NaN included. */
const plainPrograms: readonly [number, Program][] = [
  [1, plain(1, (x) => [x.abs(), x.negate(), x.relu(), x.sign(), x.floor()])],
  [1, plain(1, (x) => [x.sqrt(), x.tanh(), x.exp(), x.log()])],
  [2, plain(2, (x, y) => [x.plus(y), x.minus(y), x.times(y), x.over(y)])],
  [2, plain(2, (x, y) => [x.maximum(y), x.minimum(y)])],
  [3, plain(3, (x, y, z) => [x.ifPositive(y, z)])],
];

/** Programs of whole numbers. */
const wholePrograms: readonly [number, Program][] = [
  [2, plain(2, (x, y) => [x.plus(y), x.minus(y), x.maximum(y), x.minimum(y)])],
  [1, plain(1, (x) => [x.negate(), x.abs(), x.sign(), x.times(3)])],
  [3, plain(3, (x, y, z) => [x.minus(y).ifPositive(z, x)])],
];

// The outputs replace the operands 0, 2 and 3, as an optimiser's do; each reads operands that others replace.
const updateProgram = pointwise(4, (p, g, m, v) => {
  const [newM, newV] = [
    m.times(0.9).plus(p.times(0.2).plus(g).times(0.1)),
    v.abs().times(0.99).plus(g.times(g).times(0.01)),
  ];
  return [p.minus(newM.over(newV.sqrt().plus(0.1))), newM, newV];
});

export const activations: readonly Program[] = [
  plain(1, (x) => [x.relu()]),
  plain(1, (x) => [x.tanh()]),
  plain(1, (x) => [x.times(0.5).plus(1)]),
];

/** The last argument of a product, or none. */
export function epilogueOf(bias: View | undefined, activation: Program | undefined): [Epilogue] | [] {
  return bias || activation ? [{ ...(bias && { bias }), ...(activation && { activation }) }] : [];
}

const fillAndCopy: readonly KernelLaw[] = [
  law(
    'fill',
    'every element of a strided out, and nothing else',
    fc.record({
      shape: anyShape(),
      layout: writableLayout,
      dtype: fc.constantFrom(...everyDType),
      seed: anySeed,
      value: fc.constantFrom(0, 1, 200, -0, 0.1, Number.NaN, Number.POSITIVE_INFINITY),
    }),
    (bench, { shape, layout, dtype, seed, value }) => {
      const isWhole = value === Math.floor(value) && Number.isFinite(value);
      const filled = dtype[0] === 'f' || isWhole ? value : 3;
      const out = operand(dtype, shape, seed, { layout });
      return compare(bench, {
        kernel: 'fill',
        operands: [out],
        outs: [0],
        call: ([view]) => [view as never, filled],
        precision: 'exact',
      });
    },
  ),
  law(
    'copy',
    'between any two layouts, bit for bit',
    fc.record({
      shape: anyShape(),
      from: anyLayout,
      to: writableLayout,
      dtype: fc.constantFrom(...everyDType),
      seed: anySeed,
    }),
    (bench, { shape, from, to, dtype, seed }) =>
      compare(bench, {
        kernel: 'copy',
        operands: [
          operand(dtype, shape, seed, { layout: from, special: true }),
          operand(dtype, shape, seed + 1, { layout: to }),
        ],
        outs: [1],
        call: ([x, out]) => [x as never, out as never],
        precision: 'exact',
      }),
  ),
  law(
    'copy',
    'converts: to whole numbers toward zero, to f32 to the nearest',
    fc.record({
      shape: anyShape(),
      from: fc.constantFrom(...everyDType),
      to: fc.constantFrom(...everyDType),
      layout: anyLayout,
      seed: anySeed,
    }),
    (bench, { shape, from, to, layout, seed }) => {
      const source = operand(from, shape, seed, { layout });
      const contents = source.contents.slice();
      // Conversions are defined for values that the target can hold.
      contents.forEach((value, k) => {
        contents[k] = to === 'u8' ? Math.min(255, Math.abs(value) * (from[0] === 'f' ? 100 : 1)) : value * 3;
      });
      return compare(bench, {
        kernel: 'copy',
        operands: [{ ...source, contents: contents as typeof source.contents }, freshOut(to, shape)],
        outs: [1],
        call: ([x, out]) => [x as never, out as never],
        precision: 'exact',
      });
    },
  ),
];

const mapCase = fc.record({
  shape: anyShape(),
  layouts: fc.tuple(anyLayout, anyLayout, anyLayout, anyLayout),
  program: fc.nat({ max: 4 }),
  float: fc.nat({ max: 1 }),
  seed: anySeed,
});

const mapLaw = (name: string, programs: readonly [number, Program][], special: boolean): KernelLaw =>
  law('map', name, mapCase, (bench, { shape, layouts, program: choice, float: kind, seed }) => {
    const [arity, program] = programs[choice] as [number, Program];
    const dtype = float(bench, kind);
    const inputs = layouts
      .slice(0, arity)
      .map((layout, k) => operand(dtype, shape, seed + k, { layout, special }));
    const outs = program.outputs.map(() => freshOut(dtype, shape));
    return compare(bench, {
      kernel: 'map',
      operands: [...inputs, ...outs],
      outs: outs.map((_, k) => arity + k),
      call: (views) => [program, views.slice(0, arity), special ? [] : [1.5, -0.25], views.slice(arity)],
    });
  });

const map: readonly KernelLaw[] = [
  mapLaw('programs of several operands and outputs over any layout', scaledPrograms, false),
  mapLaw('infinities and NaN follow IEEE 754; maximum, minimum and relu of NaN are NaN', plainPrograms, true),
  law(
    'map',
    'outs that are operands are written in place',
    mapCase,
    (bench, { shape, layouts, float: kind, seed }) => {
      const dtype = float(bench, kind);
      const operands = layouts.map((layout, k) =>
        operand(dtype, shape, seed + k, { layout: k === 1 ? layout : 'offset' }),
      );
      return compare(bench, {
        kernel: 'map',
        operands,
        outs: [0, 2, 3],
        call: ([p, g, m, v]) => [updateProgram, [p, g, m, v] as never, [0.5, 0.125], [p, m, v] as never],
      });
    },
  ),
];

const whole: readonly KernelLaw[] = [
  law(
    'map',
    'whole numbers are exact, modulo 2³²',
    fc.record({
      shape: anyShape(),
      layouts: fc.tuple(anyLayout, anyLayout, anyLayout),
      program: fc.nat({ max: wholePrograms.length - 1 }),
      seed: anySeed,
    }),
    (bench, { shape, layouts, program: choice, seed }) => {
      const [arity, program] = wholePrograms[choice] as [number, Program];
      const inputs = layouts.slice(0, arity).map((layout, k) => large(bench, shape, seed + k, layout));
      const outs = program.outputs.map(() => freshOut('i32', shape));
      return compare(bench, {
        kernel: 'map',
        operands: [...inputs, ...outs],
        outs: outs.map((_, k) => arity + k),
        call: (views) => [program, views.slice(0, arity), [], views.slice(arity)],
        precision: 'exact',
      });
    },
  ),
  law(
    'reduce',
    'whole numbers: sums modulo 2³², extremes exact',
    fc.record({
      // Of nothing there is no least or largest number that floats hold.
      shape: anyShape(1).map((shape) => shape.map((extent) => Math.max(1, extent))),
      layout: anyLayout,
      axes: fc.nat({ max: 15 }),
      op: fc.constantFrom('sum', 'max', 'min'),
      seed: anySeed,
    }),
    (bench, { shape, layout, axes, op, seed }) =>
      compare(bench, {
        kernel: 'reduce',
        operands: [
          large(bench, shape, seed, layout),
          freshOut(
            'i32',
            shape.map((extent, axis) => ((axes >> axis) & 1 ? 1 : extent)),
          ),
        ],
        outs: [1],
        call: ([x, result]) => [op, x as never, result as never],
        precision: 'exact',
      }),
  ),
];

/** Whole numbers up to the limits of i32, more than f32 holds; small ones where memory is of floats. */
function large({ backend }: Bench, shape: readonly number[], seed: number, layout: Layout): Operand {
  const drawn = operand('i32', shape, seed, { layout });
  const step = backend.host ? 2_147_483 : 1;
  return { ...drawn, contents: drawn.contents.map((value) => value * step) as Int32Array };
}

const reduce: readonly KernelLaw[] = (['sum', 'max', 'min'] as const).map((op) =>
  law(
    'reduce',
    `${op} over any axes of any layout; NaN wins, nothing gives the neutral element`,
    fc.record({
      shape: anyShape(1),
      layout: anyLayout,
      axes: fc.nat({ max: 15 }),
      float: fc.nat({ max: 1 }),
      special: fc.boolean(),
      seed: anySeed,
    }),
    (bench, { shape, layout, axes, float: kind, special, seed }) => {
      const dtype = float(bench, kind);
      const out = shape.map((extent, axis) => ((axes >> axis) & 1 ? 1 : extent));
      return compare(bench, {
        kernel: 'reduce',
        operands: [operand(dtype, shape, seed, { layout, special }), freshOut(dtype, out)],
        outs: [1],
        call: ([x, result]) => [op, x as never, result as never],
      });
    },
  ),
);

const lastAxis = (kernel: 'argMax' | 'logSumExp', name: string): KernelLaw =>
  law(
    kernel,
    name,
    fc.record({
      lead: anyShape().filter((shape) => shape.length < 4 && (shape[0] ?? 0) < 1000),
      width: anyExtent,
      layout: anyLayout,
      float: fc.nat({ max: 1 }),
      special: fc.boolean(),
      whole: fc.boolean(),
      seed: anySeed,
    }),
    (bench, { lead, width, layout, float: kind, special, whole, seed }) => {
      const dtype = float(bench, kind);
      const shape = [...lead, kernel === 'argMax' ? Math.max(1, width) : width];
      const x = operand(dtype, shape, seed, { layout, special });
      // Few different values, so that maxima are tied; or values far from 0, where exp alone would overflow.
      const contents = x.contents.map((value) =>
        whole ? Math.round(value) : value * 300,
      ) as typeof x.contents;
      return compare(bench, {
        kernel,
        operands: [{ ...x, contents }, freshOut(kernel === 'argMax' ? 'i32' : dtype, lead)],
        outs: [1],
        call: ([view, out]) => [view as never, out as never],
      });
    },
  );

const matmulCase = fc.record({
  lead: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 2, arbitrary: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 2 }) },
  ),
  size: fc.oneof(
    { weight: 12, arbitrary: fc.tuple(anyExtent, anyExtent, anyExtent) },
    { weight: 1, arbitrary: fc.constantFrom([65, 130, 70], [1, 300, 33], [130, 3, 66]) },
  ),
  layouts: fc.tuple(anyLayout, anyLayout, anyLayout),
  bias: fc.boolean(),
  activation: fc.nat({ max: activations.length }),
  float: fc.nat({ max: 1 }),
  seed: anySeed,
});

const matmul: readonly KernelLaw[] = [
  law(
    'matmul',
    'batched products of any layout, with bias and activation',
    matmulCase,
    (bench, { lead, size, layouts, bias, activation: choice, float: kind, seed }) => {
      const [rows, depth, cols] = size as [number, number, number];
      const dtype = float(bench, kind);
      const activation = activations[choice];
      const operands = [
        operand(dtype, [...lead, rows, depth], seed, { layout: layouts[0] }),
        operand(dtype, [...lead, depth, cols], seed + 1, { layout: layouts[1] }),
        freshOut(dtype, [...lead, rows, cols]),
        operand(dtype, [cols], seed + 2, { layout: layouts[2] }),
      ];
      return compare(bench, {
        kernel: 'matmul',
        operands,
        outs: [2],
        call: ([a, b, out, added]) => [
          a as never,
          b as never,
          out as never,
          ...epilogueOf(bias ? added : undefined, activation),
        ],
      });
    },
  ),
  law(
    'matmul',
    'NaN in a row of a or a column of b reaches that row and column only',
    fc.record({ size: fc.tuple(anyExtent, anyExtent, anyExtent), at: anySeed, seed: anySeed }),
    (bench, { size, at, seed }) => {
      const [rows, depth, cols] = size.map((extent) => Math.max(1, extent)) as [number, number, number];
      const a = operand('f32', [rows, depth], seed);
      const b = operand('f32', [depth, cols], seed + 1);
      a.contents[at % a.contents.length] = Number.NaN;
      b.contents[at % b.contents.length] = Number.NaN;
      return compare(bench, {
        kernel: 'matmul',
        operands: [a, b, freshOut('f32', [rows, cols])],
        outs: [2],
        call: ([x, y, out]) => [x as never, y as never, out as never],
      });
    },
  ),
];

export const kernelLaws: readonly KernelLaw[] = [
  ...fillAndCopy,
  ...map,
  ...reduce,
  ...whole,
  lastAxis('argMax', 'the first of equal maxima, or the first NaN'),
  lastAxis('logSumExp', 'without overflow; −∞ for nothing'),
  ...matmul,
];
