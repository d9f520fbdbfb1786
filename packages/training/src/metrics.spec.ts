import { ArgumentError } from '@funhash/hashing';
import { expect, test } from 'vitest';
import fixtures from './metrics.fixtures.json' with { type: 'json' };
import {
  accuracy,
  confusionMatrix,
  errorRate,
  meanAbsoluteError,
  r2,
  rootMeanSquaredError,
  topKAccuracy,
} from './metrics.ts';
import type { NumericArray } from './optimizer.ts';

const matrix = (rows: readonly (readonly number[])[]): NumericArray => ({
  shape: [rows.length, rows[0]?.length ?? 0],
  data: Float64Array.from(rows.flat()),
});
const labelled = (labels: readonly number[]): NumericArray => ({
  shape: [labels.length],
  data: Int32Array.from(labels),
});
const scores = matrix(fixtures.scores);
const labels = labelled(fixtures.labels);

test('metrics of classes', () => {
  expect(accuracy(scores, labels)).toBeCloseTo(fixtures.accuracy, 12);
  expect(errorRate(scores, labels)).toBeCloseTo(1 - fixtures.accuracy, 12);
  expect(topKAccuracy(3)(scores, labels)).toBeCloseTo(fixtures.top3, 12);
  expect(topKAccuracy(5)(scores, labels)).toBe(1);
  const counts = confusionMatrix(scores, labels);
  expect(counts.shape).toEqual([5, 5]);
  expect([...counts.data]).toEqual(fixtures.confusionMatrix.flat());
});

test('probabilities stand for the class of the largest', () => {
  const hot = matrix(fixtures.labels.map((label) => [0, 1, 2, 3, 4].map((c) => Number(c === label))));
  expect(accuracy(scores, hot)).toBe(accuracy(scores, labels));
  expect([...confusionMatrix(scores, hot).data]).toEqual(fixtures.confusionMatrix.flat());
});

test('one column is a logit of class 1', () => {
  const logits = matrix([[-2], [3], [0.1], [-1]]);
  expect(accuracy(logits, labelled([0, 1, 0, 0]))).toBe(0.75);
  expect(accuracy(logits, matrix([[0], [1], [0], [0]]))).toBe(0.75);
  expect([...confusionMatrix(logits, labelled([0, 1, 0, 1])).data]).toEqual([1, 1, 1, 1]);
});

test('NaN scores are never right', () => {
  expect(accuracy(matrix([[Number.NaN, Number.NaN]]), labelled([0]))).toBe(0);
  expect(accuracy(matrix([[Number.NaN, 1]]), labelled([0]))).toBe(0);
});

test('metrics of numbers', () => {
  const [y, t] = [matrix(fixtures.outputs), matrix(fixtures.targets)];
  expect(meanAbsoluteError(y, t)).toBeCloseTo(fixtures.meanAbsoluteError, 12);
  expect(rootMeanSquaredError(y, t)).toBeCloseTo(fixtures.rootMeanSquaredError, 12);
  expect(r2(y, t)).toBeCloseTo(fixtures.r2, 12);
});

test('what does not fit is refused', () => {
  expect(() => accuracy(scores, labelled([1, 2]))).toThrow(/scores \[N, C\] with labels.*\[40,5\].*\[2\]/);
  expect(() => confusionMatrix(scores, labelled(fixtures.labels.map(() => 7)))).toThrow(
    /labels from 0 to 4, as there are 5 classes, got 7 at targets\[0\]/,
  );
  expect(() => r2(scores, labels)).toThrow(/one shape/);
  expect(() => topKAccuracy(0)).toThrow(/k ≥ 1/);
});

const metrics = {
  accuracy,
  confusionMatrix,
  errorRate,
  meanAbsoluteError,
  r2,
  rootMeanSquaredError,
  'topKAccuracy(2)': topKAccuracy(2),
};
const odd: readonly unknown[] = [
  undefined,
  null,
  7,
  'labels',
  [0, 1],
  Int32Array.of(0, 1),
  {},
  { shape: [2] },
  { shape: 2, data: Int32Array.of(0, 1) },
  { shape: [2], data: [0, 1] },
  { shape: [3], data: Int32Array.of(0, 1) },
  { shape: [-2], data: Int32Array.of(0, 1) },
  { shape: [2], data: BigInt64Array.of(0n, 1n) },
  { shape: [8], data: new DataView(new ArrayBuffer(8)) },
];

test.each(Object.entries(metrics))(
  '%s: arguments of a wrong kind are refused by their names',
  (name, metric) => {
    const right = matrix([
      [1, 2],
      [3, 4],
    ]);
    const call = metric as (outputs: unknown, targets: unknown) => unknown;
    const operation = name.replace('(2)', '');
    for (const given of odd) {
      for (const [act, argument] of [
        [() => call(right, given), 'targets'],
        [() => call(given, right), 'outputs'],
      ] as const) {
        expect(act).toThrow(ArgumentError);
        expect(act).toThrow(`${operation}: expected ${argument} as { shape, data }`);
      }
    }
  },
);

test('a label below 0 is no class, and reads no other row', () => {
  const two = matrix([
    [1, 2],
    [3, 1],
  ]);
  expect(accuracy(two, labelled([1, -1]))).toBe(0.5);
  expect(topKAccuracy(2)(two, labelled([1, -1]))).toBe(0.5);
  expect(() => confusionMatrix(two, labelled([1, -1]))).toThrow(/got -1 at targets\[1\]/);
});
