import type { Real } from '@funhash/formula';
import { ArgumentError, OptionError } from '@funhash/hashing';
import { type Tensor, tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import * as ops from './index.ts';

type Last<A extends readonly unknown[]> = Required<A> extends readonly [...unknown[], infer L] ? L : never;

/** Whether a type is that of options: an object that is no tensor, term, list, function or tree. */
type IsOptions<L> = [L] extends [never]
  ? false
  : [L] extends [Tensor | Real | readonly unknown[] | ((...args: never[]) => unknown)]
    ? false
    : [L] extends [object]
      ? true
      : false;

/** The names of all that the index exports whose last parameter are options. */
type OpWithOptions = {
  [K in keyof typeof ops]: (typeof ops)[K] extends (...args: infer A) => unknown
    ? IsOptions<Last<A>> extends true
      ? K
      : never
    : never;
}[keyof typeof ops];

const x = tensor(new Float64Array(6), [1, 6, 1]);
const labels = tensor(Int32Array.of(0));
/** An op by its options alone, as JavaScript calls it. */
const of =
  (op: (...args: never[]) => unknown, ...before: readonly unknown[]) =>
  (options: unknown): unknown =>
    (op as (...args: unknown[]) => unknown)(...before, options);

// Complete by type: an op that is exported with options and stands not here does not compile.
const withOptions = {
  sum: of(ops.sum, x),
  mean: of(ops.mean, x),
  max: of(ops.max, x),
  min: of(ops.min, x),
  argMax: of(ops.argMax, x),
  argMin: of(ops.argMin, x),
  prod: of(ops.prod, x),
  variance: of(ops.variance, x),
  standardDeviation: of(ops.standardDeviation, x),
  norm: of(ops.norm, x),
  flip: of(ops.flip, x),
  gelu: of(ops.gelu, x),
  elu: of(ops.elu, x),
  leakyRelu: of(ops.leakyRelu, x),
  gather: of(ops.gather, x, labels),
  takeAlongAxis: of(ops.takeAlongAxis, x, labels),
  scatterAdd: of(ops.scatterAdd, x, labels, x),
  indexAdd: of(ops.indexAdd, x, labels, x),
  cumsum: of(ops.cumsum, x),
  argSort: of(ops.argSort, x),
  sort: of(ops.sort, x),
  topK: of(ops.topK, x, 1),
  repeat: of(ops.repeat, x, 2),
  tril: of(ops.tril, x),
  triu: of(ops.triu, x),
  scaledDotProductAttention: of(ops.scaledDotProductAttention, x, x, x),
  softmax: of(ops.softmax, x),
  logSoftmax: of(ops.logSoftmax, x),
  logSumExp: of(ops.logSumExp, x),
  softmaxCrossEntropy: of(ops.softmaxCrossEntropy, tensor([[1, 2]]), labels),
  matmul: of(ops.matmul, tensor([[1]]), tensor([[1]])),
  maxPool: of(ops.maxPool, x),
  averagePool: of(ops.averagePool, x),
  globalAveragePool: of(ops.globalAveragePool, x),
  globalMaxPool: of(ops.globalMaxPool, x),
  windows: of(ops.windows, x),
  overlapAdd: of(ops.overlapAdd, x, [1, 6, 1]),
  batchNorm: of(ops.batchNorm, x),
  shiftBatchNorm: of(ops.shiftBatchNorm, x),
  layerNorm: of(ops.layerNorm, x),
  quantize: of(ops.quantize, x, tensor([1])),
  stochasticBinarize: of(ops.stochasticBinarize, x),
  randomUniform: of(ops.randomUniform, [2]),
  randomNormal: of(ops.randomNormal, [2]),
  randomBernoulli: of(ops.randomBernoulli, [2]),
  gradCheck: of(ops.gradCheck, ops.relu, [x]),
} satisfies Record<OpWithOptions, (options: unknown) => unknown>;

const errorOf = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return error;
  }
  return 'nothing refused';
};

/** A name with two letters exchanged, or one too many. */
const misspelt = (name: string): string[] => [
  `${name.slice(0, -2)}${name.at(-1)}${name.at(-2)}`,
  `${name}s`,
  `${name.slice(0, 2)}${name.slice(1)}`,
];

describe.each(Object.entries(withOptions))('%s', (name, call) => {
  const stranger = errorOf(() => call({ zqx: 1 }));
  const names = /it takes (.*)$/.exec(String(stranger))?.[1]?.replace('none', '').split(', ') ?? [];

  test('refuses what it does not know, and says what it takes', () => {
    expect(stranger).toBeInstanceOf(OptionError);
    expect(String(stranger)).toContain(`${name}: unknown option zqx; it takes `);
  });

  test('refuses every name of its own misspelt, with the name', () => {
    for (const known of names.filter((each) => each !== ''))
      for (const wrong of misspelt(known))
        expect(String(errorOf(() => call({ [wrong]: 1 }))), wrong).toContain(
          `${name}: unknown option ${wrong}; did you mean ${known}?`,
        );
  });

  test.each([0, 'axis', null, [0], x])('refuses %s in place of options', (given) => {
    const error = errorOf(() => call(given));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(String(error)).toContain(`${name}: expected options as an object, {`);
  });
});

test.each([
  'sort',
  'topK',
  'repeat',
  'sum',
  'argMin',
  'softmax',
  'logSoftmax',
  'logSumExp',
  'cumsum',
  'prod',
  'variance',
  'norm',
  'flip',
] as const)('a dimension of %s is an axis', (name) => {
  expect(() => withOptions[name]({ dim: 0 })).toThrow(`${name}: unknown option dim; did you mean axis?`);
});
