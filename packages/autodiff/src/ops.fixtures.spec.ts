import { readFileSync } from 'node:fs';
import { type Tensor, tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import * as ad from './index.ts';

interface Values {
  readonly shape: readonly number[];
  readonly values: readonly (number | string)[];
}

// Whatever an op takes besides its tensors.
interface Parameters extends ad.MatmulOptions {
  readonly exponent?: number;
  readonly low: number;
  readonly high: number;
  readonly axis: number & readonly number[];
  readonly keepDims: boolean;
  readonly labels?: readonly number[];
  readonly classWeights?: readonly number[];
  readonly reduction: 'mean' | 'sum' | 'none';
  readonly labelSmoothing: number;
  readonly starts: readonly number[];
  readonly sizes: readonly number[];
  readonly index: readonly number[];
  readonly squared?: boolean;
  readonly rows: number;
  readonly amounts: readonly (readonly [number, number])[];
  readonly value: number;
  readonly shape: readonly number[];
  readonly permutation: readonly number[];
  readonly parts: readonly number[];
}

interface Case {
  readonly op: string;
  readonly parameters: Parameters;
  readonly inputs: readonly Values[];
  readonly output: Values;
  readonly gradients: readonly Values[];
  readonly second?: readonly Values[];
}

const cases = JSON.parse(
  readFileSync(new URL('./ops.fixtures.json', import.meta.url), 'utf8'),
) as readonly Case[];

type DType = 'f32' | 'f64';
type Op = (inputs: readonly [Tensor, Tensor, Tensor], parameters: Parameters, dtype: DType) => Tensor;

const integers = (values: readonly number[]): Tensor => tensor(values, undefined, { dtype: 'i32' });

// Ops whose call is not op(...inputs).
const calls: Record<string, Op> = {
  power: ([x, y], { exponent }) => ad.power(x, exponent ?? y),
  clip: ([x], { low, high }) => ad.clip(x, low, high),
  matmul: ([a, b, bias], { transposeA = false, transposeB = false }) =>
    ad.matmul(a, b, { transposeA, transposeB, bias }),
  sum: ([x], options) => ad.sum(x, options),
  mean: ([x], options) => ad.mean(x, options),
  max: ([x], options) => ad.max(x, options),
  min: ([x], options) => ad.min(x, options),
  softmaxCrossEntropy: ([z, soft], { labels, classWeights, reduction, labelSmoothing }, dtype) =>
    ad.softmaxCrossEntropy(z, labels ? integers(labels) : soft, {
      reduction,
      labelSmoothing,
      ...(classWeights && { classWeights: tensor(classWeights, undefined, { dtype }) }),
    }),
  slice: ([x], { starts, sizes }) => ad.slice(x, starts, sizes),
  gather: ([x], { index, squared }) => ad.gather(squared ? ad.square(x) : x, integers(index)),
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

const library = ad as unknown as Record<string, (...inputs: readonly Tensor[]) => Tensor>;

function call({ op, parameters }: Case, inputs: readonly Tensor[], dtype: DType): Tensor {
  const special = calls[op];
  return special
    ? special(inputs as readonly [Tensor, Tensor, Tensor], parameters, dtype)
    : (library[op] as (...inputs: readonly Tensor[]) => Tensor)(...inputs);
}

function weighted(y: Tensor, step: number, modulus: number): Tensor {
  const weights = Float64Array.from({ length: y.size }, (_, i) => 0.5 + ((step * i) % modulus) / modulus);
  return ad.sum(ad.multiply(y, tensor(weights, y.shape, { dtype: y.dtype })));
}

/** Largest error, relative to the largest finite expected value and at least 1. */
function expectClose(what: string, actual: Tensor, { shape, values }: Values, tolerance: number): void {
  expect(actual.shape, what).toEqual(shape);
  const expected = values.map(Number);
  const scale = Math.max(1, ...expected.filter(Number.isFinite).map(Math.abs));
  actual.dataSync().forEach((value, i) => {
    const wanted = expected[i] as number;
    const close =
      Object.is(value, wanted) || value === wanted || Math.abs(value - wanted) <= tolerance * scale;
    if (!close) expect.fail(`${what}: element ${i} is ${value}, PyTorch's ${wanted}`);
  });
}

const title = ({ op, parameters, inputs }: Case): string =>
  `${op} ${inputs.map(({ shape }) => `[${shape}]`).join(' ')} ${JSON.stringify(parameters)}`;

describe.each([
  ['f64', 1e-10],
  ['f32', 1e-5],
] as const)('as PyTorch, %s', (dtype, usual) => {
  test.each(cases.map((each, index) => [`${index}: ${title(each)}`, each] as const))('%s', (_, each) => {
    // The error of the rational tanh of f32 (1.3e-6) grows with the slope of its argument, here up to 4, per order.
    const tolerance = dtype === 'f32' && each.op === 'gelu' ? 3e-4 : usual;
    const inputs = each.inputs.map(({ shape, values }) => tensor(values.map(Number), shape, { dtype }));
    const output = call(each, inputs, dtype);
    expectClose('value', output, each.output, tolerance);
    const first = (): Tensor[] =>
      ad.gradientsOf(() => weighted(call(each, inputs, dtype), 37, 101), inputs)[1];
    first().forEach((g, k) => {
      expectClose(`gradient ${k}`, g, each.gradients[k] as Values, tolerance);
    });
    if (!each.second) return;
    const [, second] = ad.gradientsOf(
      () =>
        first()
          .map((g) => weighted(g, 53, 103))
          .reduce((total, part) => ad.add(total, part)),
      inputs,
    );
    second.forEach((h, k) => {
      expectClose(`second-order quantity ${k}`, h, each.second?.[k] as Values, tolerance);
    });
  });
});
