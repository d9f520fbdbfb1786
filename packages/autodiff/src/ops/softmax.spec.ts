import { ArgumentError } from '@funhash/hashing';
import { ShapeError, type Tensor, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { grad } from '../grad.ts';
import { anyShape, opLaws } from '../testing.ts';
import { oneHot } from './index-ops.ts';
import { multiply } from './pointwise.ts';
import { sum } from './reduce.ts';
import { type CrossEntropyOptions, logSoftmax, logSumExp, softmax, softmaxCrossEntropy } from './softmax.ts';

const rows = anyShape({ minRank: 1, minExtent: 1 }).map((shape) => ({
  shapes: [shape] as const,
  parameters: [] as const,
}));
const i32 = (values: readonly number[]): Tensor => tensor(values, [values.length], { dtype: 'i32' });

interface Choice extends Pick<CrossEntropyOptions, 'reduction' | 'labelSmoothing'> {
  readonly labels: readonly number[];
  readonly weights?: readonly number[];
}

const labelled = fc
  .tuple(
    fc
      .integer({ min: 1, max: 4 })
      .chain((classes) =>
        fc.tuple(
          fc.constant(classes),
          fc.array(fc.integer({ min: 0, max: classes - 1 }), { minLength: 1, maxLength: 3 }),
          fc.option(fc.constant([0.5, 2, 1, 3].slice(0, classes)), { nil: undefined }),
        ),
      ),
    fc.constantFrom('mean', 'sum', 'none'),
    fc.constantFrom(0, 0.2),
  )
  .map(([[classes, labels, weights], reduction, labelSmoothing]) => ({
    shapes: [[labels.length, classes]] as const,
    parameters: [{ labels, reduction, labelSmoothing, ...(weights && { weights }) } as Choice] as const,
  }));

const byLabels = (z: Tensor, { labels, weights, ...options }: Choice): Tensor =>
  softmaxCrossEntropy(z, i32(labels), {
    ...options,
    ...(weights && { classWeights: tensor(weights, undefined, { dtype: z.dtype }) }),
  });

const soft = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })).map((shape) => ({
  shapes: [shape, shape] as const,
  parameters: [] as const,
}));

describe('laws', () => {
  for (const law of opLaws('logSumExp', logSumExp, rows)) test(law.name, law.check);
  for (const law of opLaws('softmax', softmax, rows)) test(law.name, law.check);
  for (const law of opLaws('logSoftmax', logSoftmax, rows)) test(law.name, law.check);
  for (const law of opLaws('softmaxCrossEntropy by labels', byLabels, labelled)) test(law.name, law.check);
  const bySoft = (z: Tensor, t: Tensor): Tensor => softmaxCrossEntropy(z, t, { labelSmoothing: 0.1 });
  for (const law of opLaws('softmaxCrossEntropy by probabilities', bySoft, soft)) test(law.name, law.check);
});

const alongAny = anyShape({ minRank: 1, minExtent: 1 }).chain((shape) =>
  fc.integer({ min: -shape.length, max: shape.length - 1 }).map((axis) => ({
    shapes: [shape] as const,
    parameters: [{ axis }] as const,
  })),
);
const overSome = anyShape({ minRank: 1, minExtent: 1 }).chain((shape) =>
  fc
    .tuple(fc.subarray([...shape.keys()], { minLength: 1 }), fc.boolean())
    .map(([axis, keepDims]) => ({ shapes: [shape] as const, parameters: [{ axis, keepDims }] as const })),
);

describe('laws along any axis', () => {
  for (const law of opLaws('softmax', softmax, alongAny)) test(law.name, law.check);
  for (const law of opLaws('logSoftmax', logSoftmax, alongAny)) test(law.name, law.check);
  for (const law of opLaws('logSumExp', logSumExp, overSome)) test(law.name, law.check);
});

interface Ignoring extends Omit<Choice, 'labels'> {
  readonly labels: readonly number[];
  readonly ignoreIndex: number;
}

const sequences = fc
  .tuple(
    fc.constantFrom(-100, 1),
    fc.constantFrom('mean', 'sum', 'none'),
    fc.constantFrom(0, 0.2),
    fc.boolean(),
  )
  .chain(([ignoreIndex, reduction, labelSmoothing, weighted]) =>
    fc
      .array(fc.constantFrom(0, 2, ignoreIndex), { minLength: 6, maxLength: 6 })
      .filter((labels) => labels.some((label) => label !== ignoreIndex))
      .map((labels) => ({
        shapes: [[2, 3, 3]] as const,
        parameters: [
          {
            labels,
            reduction,
            labelSmoothing,
            ignoreIndex,
            ...(weighted && { weights: [0.5, 2, 1] }),
          } as Ignoring,
        ] as const,
      })),
  );

describe('laws over leading axes, with labels that are ignored', () => {
  const ignoring = (z: Tensor, { labels, weights, ...options }: Ignoring): Tensor =>
    softmaxCrossEntropy(z, tensor(Int32Array.from(labels), [2, 3]), {
      ...options,
      ...(weights && { classWeights: tensor(weights, undefined, { dtype: z.dtype }) }),
    });
  for (const law of opLaws('softmaxCrossEntropy', ignoring, sequences)) test(law.name, law.check);
});

test('ignored rows are as if they were not there, whatever their logits are', () => {
  const logits = tensor(new Float64Array([1, 2, Number.NEGATIVE_INFINITY, 0, 3, 1]), [3, 2]);
  const ignoreIndex = -1;
  const loss = (z: Tensor): Tensor => softmaxCrossEntropy(z, i32([1, ignoreIndex, 0]), { ignoreIndex });
  const kept = softmaxCrossEntropy(tensor(new Float64Array([1, 2, 3, 1]), [2, 2]), i32([1, 0]));
  expect(loss(logits).item()).toBeCloseTo(kept.item(), 14);
  expect((grad(loss)(logits).toArray() as number[][])[1]).toEqual([0, 0]);
  expect(softmaxCrossEntropy(logits, i32([-1, -1, -1]), { ignoreIndex }).item()).toBeNaN();
  expect(() => softmaxCrossEntropy(logits, i32([1, 2, 0]), { ignoreIndex })).toThrow(ArgumentError);
  expect(() => softmaxCrossEntropy(logits, logits, { ignoreIndex })).toThrow(
    /labels \(i32\) beside ignoreIndex/,
  );
});

describe('corners', () => {
  const ruledOut = Number.NEGATIVE_INFINITY;

  test('no elements', () => {
    expect(logSumExp(tensor(new Float64Array(0), [2, 0])).toArray()).toEqual([ruledOut, ruledOut]);
    expect(softmax(tensor(new Float64Array(0), [0, 3])).shape).toEqual([0, 3]);
  });

  test('large f32 logits lose nothing', () => {
    const y = softmax(tensor([1e6, 1e6 + 1]));
    expect(y.dataSync()[1]).toBeCloseTo(1 / (1 + Math.exp(-1)), 6);
  });

  test('classes ruled out by −∞ leave loss and gradient finite', () => {
    const logits = tensor(new Float64Array([0, 0, ruledOut]), [1, 3]);
    const loss = (z: Tensor): Tensor => softmaxCrossEntropy(z, i32([0]));
    expect(loss(logits).item()).toBeCloseTo(Math.LN2, 12);
    expect(grad(loss)(logits).toArray()).toEqual([[-0.5, 0.5, 0]]);
  });

  test('labels alone, labels with weights of 1 and probabilities say the same', () => {
    const logits = tensor(
      Float64Array.from({ length: 12 }, (_, k) => Math.sin(k * k)),
      [4, 3],
    );
    const [labels, classWeights] = [i32([2, 0, 1, 2]), tensor(new Float64Array([1, 1, 1]))];
    for (const reduction of ['mean', 'sum', 'none'] as const) {
      const [plain, ...others] = [
        (z: Tensor) => softmaxCrossEntropy(z, labels, { reduction }),
        (z: Tensor) => softmaxCrossEntropy(z, labels, { reduction, classWeights }),
        (z: Tensor) => softmaxCrossEntropy(z, oneHot(labels, 3, 'f64'), { reduction }),
      ].map(
        (loss) => [loss(logits).dataSync(), grad((z: Tensor) => sum(loss(z)))(logits).dataSync()] as const,
      );
      for (const [k, expected] of (plain ?? []).entries())
        for (const other of others)
          for (const [n, value] of expected.entries()) expect(other[k]?.[n]).toBeCloseTo(value, 14);
    }
  });

  test('the mean loss of no examples is NaN', () => {
    const none = tensor(new Float64Array(0), [0, 3]);
    expect(softmaxCrossEntropy(none, i32([])).item()).toBeNaN();
    expect(softmaxCrossEntropy(none, i32([]), { reduction: 'sum' }).item()).toBe(0);
  });

  test('the gradient of softmax sums to 0 along a row', () => {
    const x = tensor(new Float64Array([1, 2, 3]));
    const w = tensor(new Float64Array([3, 1, 2]));
    expect(sum(grad((z: Tensor) => sum(multiply(softmax(z), w)))(x)).item()).toBeCloseTo(0, 14);
  });
});

describe('errors', () => {
  const logits = tensor(new Float64Array(6), [2, 3]);

  test('shapes that do not fit are named', () => {
    expect(() => softmaxCrossEntropy(logits, i32([0, 1, 2]))).toThrow(ShapeError);
    expect(() => softmaxCrossEntropy(logits, i32([0, 1, 2]))).toThrow(
      /softmaxCrossEntropy: .*\[2, 3\].*\[3\]/,
    );
    expect(() => softmaxCrossEntropy(logits, tensor(new Float64Array(4), [2, 2]))).toThrow(ShapeError);
    expect(() => softmaxCrossEntropy(tensor(new Float64Array(3)), i32([0]))).toThrow(ShapeError);
  });

  test('labels are classes', () => {
    expect(() => softmaxCrossEntropy(logits, i32([0, 3]))).toThrow(ArgumentError);
    expect(() => softmaxCrossEntropy(logits, i32([0, -1]))).toThrow(/0 to 2.*-1/);
  });

  test('class weights fit and stand beside labels', () => {
    const classWeights = tensor(new Float64Array(2));
    expect(() => softmaxCrossEntropy(logits, i32([0, 1]), { classWeights })).toThrow(/class weights \[3\]/);
    expect(() => softmaxCrossEntropy(logits, logits, { classWeights })).toThrow(ArgumentError);
  });
});
