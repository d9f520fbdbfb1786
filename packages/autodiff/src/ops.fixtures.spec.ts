import { readFileSync } from 'node:fs';
import { type NestedArray, type Tensor, tensor } from '@funhash/tensor';
import { describe } from 'vitest';
import { type FixtureCase, testCases } from './fixture-case.spec-kit.ts';
import * as ad from './index.ts';

// Whatever an op takes besides its tensors.
interface Parameters extends ad.MatmulOptions {
  /** Options that the op takes as they are. */
  readonly options?: object;
  readonly order?: string;
  readonly exponent?: number;
  readonly low: number;
  readonly high: number;
  readonly axis: number & readonly number[];
  readonly keepDims: boolean;
  readonly labels?: NestedArray;
  readonly ignoreIndex?: number;
  readonly equation: string;
  readonly classWeights?: readonly number[];
  readonly reduction: 'mean' | 'sum' | 'none';
  readonly labelSmoothing: number;
  readonly starts: readonly number[];
  readonly sizes: readonly number[];
  readonly index: NestedArray & readonly number[];
  readonly ranges: readonly ad.SliceRange[];
  readonly squared?: boolean;
  readonly rows: number;
  readonly amounts: readonly (readonly [number, number])[];
  readonly value: number;
  readonly shape: readonly number[];
  readonly permutation: readonly number[];
  readonly parts: readonly number[];
}

type Case = FixtureCase<Parameters>;

const cases: readonly Case[] = JSON.parse(
  readFileSync(new URL('./ops.fixtures.json', import.meta.url), 'utf8'),
);

type DType = 'f32' | 'f64';
type Op = (inputs: readonly [Tensor, Tensor, Tensor], parameters: Parameters, dtype: DType) => Tensor;

const integers = (values: NestedArray): Tensor => tensor(values, undefined, { dtype: 'i32' });

// Ops whose call is not op(...inputs).
const calls: Record<string, Op> = {
  norm: ([x], { options, order }) => ad.norm(x, { ...options, ...(order && { order: Number(order) }) }),
  flip: ([x], { options }) => ad.square(ad.flip(x, options)),
  power: ([x, y], { exponent }) => ad.power(x, exponent ?? y),
  clip: ([x], { low, high }) => ad.clip(x, low, high),
  matmul: ([a, b, bias], { transposeA = false, transposeB = false }) =>
    ad.matmul(a, b, { transposeA, transposeB, bias }),
  sum: ([x], options) => ad.sum(x, options),
  mean: ([x], options) => ad.mean(x, options),
  max: ([x], options) => ad.max(x, options),
  min: ([x], options) => ad.min(x, options),
  einsum: (inputs, { equation }) => ad.square(ad.einsum(equation, ...inputs)),
  softmaxCrossEntropy: ([z, soft], { labels, classWeights, reduction, labelSmoothing, ignoreIndex }, dtype) =>
    ad.softmaxCrossEntropy(z, labels ? integers(labels) : soft, {
      reduction,
      ...(ignoreIndex !== undefined && { ignoreIndex }),
      labelSmoothing,
      ...(classWeights && { classWeights: tensor(classWeights, undefined, { dtype }) }),
    }),
  slice: ([x], { starts, sizes }) => ad.slice(x, starts, sizes),
  gather: ([x], { index, squared, options }) =>
    options
      ? ad.gather(ad.square(x), integers(index), options)
      : ad.gather(squared ? ad.square(x) : x, integers(index)),
  takeAlongAxis: ([x], { index, options }) => ad.square(ad.takeAlongAxis(x, integers(index), options)),
  scatterAddTo: ([base, x], { index, options }) =>
    ad.square(ad.scatterAdd(x, integers(index), base, options)),
  indexAdd: ([base, x], { index, options }) => ad.square(ad.indexAdd(base, integers(index), x, options)),
  sliceRanges: ([x], { ranges }) => ad.square(ad.slice(x, ranges)),
  padMode: ([x], { amounts, options }) => ad.square(ad.pad(x, amounts, options)),
  sort: ([x], { options }) => ad.square(ad.sort(x, options)),
  topK: ([x], { options, rows }) => ad.square(ad.topK(x, rows, options).values),
  tile: ([x], { parts }) => ad.square(ad.tile(x, parts)),
  repeat: ([x], { options, rows }) => ad.square(ad.repeat(x, rows, options)),
  scaledDotProductAttention: ([q, k, v], { options }, dtype) => {
    const { mask, ...rest } = (options ?? {}) as { readonly mask?: readonly (readonly number[])[] };
    const seen = mask && tensor(mask, undefined, { dtype });
    return ad.scaledDotProductAttention(q, k, v, { ...rest, ...(seen && { mask: seen }) });
  },
  attentionBias: ([q, k, bias]) => ad.scaledDotProductAttention(q, k, k, { bias }),
  scatterAdd: ([x], { index, rows }) => ad.scatterAdd(ad.square(x), integers(index), rows),
  concat: (inputs, { axis }) => ad.square(ad.concat(inputs, axis)),
  stack: (inputs, { axis }) => ad.square(ad.stack(inputs, axis)),
  pad: ([x], { amounts, value }) => ad.square(ad.pad(x, amounts, value)),
  reshape: ([x], { shape }) => ad.square(ad.reshape(ad.transpose(x), shape)),
  transpose: ([x], { permutation }) => ad.square(ad.transpose(x, permutation)),
  broadcastTo: ([x], { shape }) => ad.square(ad.broadcastTo(x, shape)),
  split: ([x], { parts, axis }) => {
    const [first, second] = ad.split(x, parts, axis) as [Tensor, Tensor];
    return ad.multiply(second, first);
  },
  unstack: ([x], { axis }) => {
    const [first, , last] = ad.unstack(x, axis) as [Tensor, Tensor, Tensor];
    return ad.multiply(first, last);
  },
};

const library = ad as unknown as Record<string, (...operands: readonly unknown[]) => Tensor>;

function call({ op, parameters }: Case, inputs: readonly Tensor[], dtype: DType): Tensor {
  const special = calls[op];
  return special
    ? special(inputs as readonly [Tensor, Tensor, Tensor], parameters, dtype)
    : (library[op] as (...operands: readonly unknown[]) => Tensor)(
        ...inputs,
        ...(parameters.options ? [parameters.options] : []),
      );
}

describe.each(['f64', 'f32'] as const)('as PyTorch, %s', (dtype) => {
  // The error of the rational tanh of f32 (1.3e-6) grows with the slope of its argument, here up to 4, per order.
  // Small deviations make the second order of their root large against rounding.
  const inF32: Record<string, number> = { gelu: 3e-4, standardDeviation: 1e-4 };
  const toleranceOf = (op: string): number => (dtype === 'f64' ? 1e-10 : (inF32[op] ?? 1e-5));
  testCases(cases, dtype, call, toleranceOf);
});
