import { gradCheck, sum } from '@funhash/autodiff';
import { planWindows } from '@funhash/autodiff/op-parts';
import { ArgumentError, random } from '@funhash/hashing';
import { ShapeError, sizeOf, type Tensor, tensor, zeros } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { WeightPolicy, WeightRequest } from '../scheme.ts';
import { dense, freshNet, funHash, hashedNet, lowRank } from '../schemes/index.ts';
import { createWeight } from '../weight/create-weight.ts';
import type { Weight } from '../weight/weight.ts';
import { type ConvOptions, virtualConv, virtualConvTranspose } from './virtual-conv.ts';

interface Geometry {
  readonly batch: number;
  readonly spatial: readonly number[];
  readonly inputs: number;
  readonly outputs: number;
  readonly options: ConvOptions & {
    readonly kernel: readonly number[];
    readonly groups: number;
    readonly padding: readonly (readonly [number, number])[];
  };
}

/** One or two spatial axes, odd strides, paddings and dilations, groups up to depthwise. */
const anyGeometry = (mostBatch = 2): fc.Arbitrary<Geometry> =>
  fc.integer({ min: 1, max: 2 }).chain((axes) => {
    const list = <T>(each: fc.Arbitrary<T>) => fc.array(each, { minLength: axes, maxLength: axes });
    const upTo = (least: number, most: number) => fc.integer({ min: least, max: most });
    return fc
      .record({
        batch: upTo(0, mostBatch),
        kernel: list(upTo(1, 3)),
        stride: list(upTo(1, 3)),
        dilation: list(upTo(1, 2)),
        padding: list(fc.tuple(upTo(0, 3), upTo(0, 3))),
        more: list(upTo(0, 4)),
        groups: upTo(1, 3),
        inputs: upTo(1, 2),
        outputs: upTo(1, 3),
      })
      .map(({ batch, more, groups, inputs, outputs, ...windows }) => ({
        batch,
        spatial: windows.kernel.map((extent, axis) => {
          const [before, after] = windows.padding[axis] as [number, number];
          const reach = (extent - 1) * (windows.dilation[axis] as number) + 1;
          return Math.max(1, reach + (more[axis] as number) - before - after);
        }),
        inputs: inputs * groups,
        outputs: outputs * groups,
        options: { ...windows, groups },
      }));
  });

const drawn = (shape: readonly number[], seed: number): Tensor =>
  tensor(random(seed).fillUniform(new Float64Array(sizeOf(shape)), -1, 1), shape);

/** The definition: y[b, o, n] = bias[n] + Σ over (place k, channel c) of x[b, o·stride + k·dilation − before, c]·V[n, (k, c)]. */
function naive(
  x: Tensor,
  v: Tensor,
  bias: Tensor,
  { spatial, inputs, outputs, options }: Geometry,
): number[] {
  const plan = planWindows('test', x.shape, options);
  const [xs, vs, bs] = [x, v, bias].map((t) => t.dataSync());
  const perGroup = [inputs, outputs].map((channels) => channels / options.groups) as [number, number];
  const [batch] = x.shape as [number];
  const indices = (extents: readonly number[]): number[][] =>
    extents.reduce<number[][]>(
      (all, extent) => all.flatMap((lead) => Array.from({ length: extent }, (_, k) => [...lead, k])),
      [[]],
    );
  return indices([batch, ...plan.out, outputs]).map((index) => {
    const [b, n] = [index[0] as number, index.at(-1) as number];
    let total = bs?.[n] as number;
    indices(plan.kernel).forEach((place, k) => {
      const at = place.map(
        (i, axis) =>
          (index[axis + 1] as number) * (plan.stride[axis] as number) +
          i * (plan.dilation[axis] as number) -
          (plan.padding[axis]?.[0] as number),
      );
      if (at.some((i, axis) => i < 0 || i >= (spatial[axis] as number))) return;
      const pixel = at.reduce((flat, i, axis) => flat * (spatial[axis] as number) + i, b);
      for (let c = 0; c < perGroup[0]; c++) {
        const channel = Math.floor(n / perGroup[1]) * perGroup[0] + c;
        const col = k * perGroup[0] + c;
        total +=
          (xs?.[pixel * inputs + channel] as number) *
          (vs?.[n * sizeOf(plan.kernel) * perGroup[0] + col] as number);
      }
    });
    return total;
  });
}

const kernelShape = ({ inputs, outputs, options }: Geometry): { rows: number; cols: number } => ({
  rows: outputs,
  cols: (sizeOf(options.kernel) * inputs) / options.groups,
});

function expectClose(actual: Tensor, expected: ArrayLike<number>, tolerance = 2e-5): void {
  expect(actual.size).toBe(expected.length);
  actual.dataSync().forEach((value, i) => {
    if (!(Math.abs(value - (expected[i] as number)) <= tolerance))
      throw new Error(`element ${i} is ${value}, expected ${expected[i]}`);
  });
}

const requests: Record<string, (policy: WeightPolicy) => WeightRequest> = {
  dense: (policy) => dense({ policy }),
  hashedNet: (policy) => hashedNet({ ratio: 0.6, policy }),
  funHash: (policy) => funHash({ values: 40, policy }),
  lowRank: (policy) => lowRank({ rank: 2, policy }),
};

describe.each(Object.keys(requests))('%s', (name) => {
  test.each(['tile', 'step', 'frozen'] as const)(
    'is the convolution by its definition, policy %s',
    (policy) => {
      fc.assert(
        fc.property(anyGeometry(), (geometry) => {
          const weight = createWeight((requests[name] as (typeof requests)[string])(policy), {
            ...kernelShape(geometry),
            seed: 3,
          });
          const { batch, spatial, inputs, outputs, options } = geometry;
          const x = tensor(drawn([batch, ...spatial, inputs], 1).dataSync(), [batch, ...spatial, inputs], {
            dtype: 'f32',
          });
          const bias = tensor(drawn([outputs], 2).dataSync(), [outputs], { dtype: 'f32' });
          expectClose(
            virtualConv(x, weight.kernel, { ...options, bias }),
            naive(x, weight.decode(), bias, geometry),
          );
        }),
        { seed: 41, numRuns: 40 },
      );
    },
  );
});

/** V of a weight over f64 copies of its stored values. */
const double = (weight: Weight, stored: readonly Tensor[]) => ({
  ...weight.virtual,
  stored: [...stored],
  decoded: undefined,
});

const storedOf = (weight: Weight): Tensor[] =>
  weight.parameters.map(({ value }) => tensor(Float64Array.from(value.dataSync()), value.shape));

test('the transposed convolution is the adjoint of the convolution', () => {
  fc.assert(
    fc.property(anyGeometry(), (geometry) => {
      const { batch, spatial, inputs, outputs, options } = geometry;
      const weight = createWeight(hashedNet({ ratio: 0.7 }), { ...kernelShape(geometry), seed: 4 });
      const v = double(weight, storedOf(weight));
      const x = drawn([batch, ...spatial, inputs], 1);
      const plan = planWindows('test', x.shape, options);
      const y = drawn([batch, ...plan.out, outputs], 2);
      const outputPadding = plan.padded.map((extent, axis) => {
        const reach = ((plan.kernel[axis] as number) - 1) * (plan.dilation[axis] as number) + 1;
        return (extent - reach) % (plan.stride[axis] as number);
      });
      const back = virtualConvTranspose(y, v, { ...options, outputPadding });
      expect(back.shape).toEqual(x.shape);
      const dot = (a: Tensor, b: Tensor): number => {
        const other = b.dataSync();
        return Array.from(a.dataSync()).reduce((total, value, i) => total + value * (other[i] as number), 0);
      };
      expect(dot(virtualConv(x, v, options), y)).toBeCloseTo(dot(x, back), 9);
    }),
    { seed: 42, numRuns: 60 },
  );
});

describe('gradients of both orders equal central differences', () => {
  test.each(['conv', 'convTranspose'] as const)('%s', (op) => {
    fc.assert(
      fc.property(anyGeometry(1), fc.constantFrom('hashedNet', 'funHash'), (geometry, name) => {
        const { spatial, inputs, outputs, options } = geometry;
        // A transposed convolution exchanges the channels; small images may have no room for its padding.
        const padding = op === 'conv' ? options.padding : 0;
        const weight = createWeight((requests[name] as (typeof requests)[string])('tile'), {
          ...kernelShape(geometry),
          seed: 5,
        });
        const run = { conv: virtualConv, convTranspose: virtualConvTranspose }[op];
        const [from, to] = op === 'conv' ? [inputs, outputs] : [outputs, inputs];
        const x = drawn([1, ...spatial, from], 1);
        const bias = drawn([to], 2);
        gradCheck(
          (x, bias, ...stored) => run(x, double(weight, stored), { ...options, padding, bias }),
          [x, bias, ...storedOf(weight)],
        );
      }),
      { seed: 43, numRuns: 8 },
    );
  });
});

test('schemes that make rows at once are decoded as a whole', () => {
  const weight = createWeight(freshNet({ kernel: 3, values: 20 }), { rows: 3, cols: 18, seed: 6 });
  const geometry: Geometry = {
    batch: 2,
    spatial: [5, 4],
    inputs: 2,
    outputs: 3,
    options: {
      kernel: [3, 3],
      groups: 1,
      padding: [
        [1, 1],
        [1, 1],
      ],
    },
  };
  const x = tensor(Float32Array.from(drawn([2, 5, 4, 2], 1).dataSync()), [2, 5, 4, 2]);
  expectClose(
    virtualConv(x, weight.kernel, geometry.options),
    naive(x, weight.decode(), zeros([3]), geometry),
  );
});

test('an empty batch gives an empty batch', () => {
  const weight = createWeight(hashedNet({ values: 9 }), { rows: 4, cols: 18 });
  expect(virtualConv(zeros([0, 6, 5, 2]), weight.kernel, { kernel: 3, padding: 1, stride: 2 }).shape).toEqual(
    [0, 3, 3, 4],
  );
  expect(sum(virtualConv(zeros([0, 6, 5, 2]), weight.kernel, { kernel: 3 })).item()).toBe(0);
});

test('refusals say what was given', () => {
  const v = createWeight(hashedNet({ values: 9 }), { rows: 4, cols: 18 });
  const x = zeros([2, 6, 5, 2]);
  expect(() => virtualConv(zeros([2, 2, 5, 2]), v.kernel, { kernel: 3 })).toThrow(ShapeError);
  expect(() => virtualConv(zeros([2, 2, 5, 2]), v.kernel, { kernel: 3 })).toThrow(
    /kernel \[3, 3\].*\[2, 2, 5, 2\]/,
  );
  expect(() => virtualConv(x, v.kernel, { kernel: 5 })).toThrow(/V of shape \[4, 50\].*V \[4, 18\]/);
  expect(() => virtualConv(zeros([2, 6, 5, 3]), v.kernel, { kernel: 3 })).toThrow(/V of shape \[4, 27\]/);
  expect(() => virtualConv(zeros([2, 6, 5, 3]), v.kernel, { kernel: 3, groups: 2 })).toThrow(ArgumentError);
  expect(() => virtualConv(zeros([2, 6, 5, 3]), v.kernel, { kernel: 3, groups: 2 })).toThrow(
    /divides.*2 groups, x \[2, 6, 5, 3\], V \[4, 18\]/,
  );
  expect(() => virtualConv(x, v.kernel, { kernel: 3, groups: 0 })).toThrow(ArgumentError);
  expect(() => virtualConv(x, v.kernel, { kernel: 3, bias: zeros([3]) })).toThrow(
    /a bias of shape \[4\].*\[3\]/,
  );
  const y = zeros([2, 3, 3, 4]);
  expect(virtualConvTranspose(y, v.kernel, { kernel: 3, stride: 2, padding: 'same' }).shape).toEqual([
    2, 6, 6, 2,
  ]);
  expect(() => virtualConvTranspose(y, v.kernel, { kernel: 3, stride: 2, outputPadding: 2 })).toThrow(
    /outputPadding below the stride \[2, 2\].*\[2, 2\]/,
  );
  expect(() => virtualConvTranspose(y, v.kernel, { kernel: 3, padding: 3 })).toThrow(
    /at least one element.*\[-1, -1\]/,
  );
  expect(() => virtualConvTranspose(zeros([2, 3, 3, 5]), v.kernel, { kernel: 3 })).toThrow(
    /V of shape \[5, 18\]/,
  );
});
