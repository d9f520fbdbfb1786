import { readFileSync } from 'node:fs';
import { ArgumentError } from '@funhash/hashing';
import { expect, test } from 'vitest';
import { areaUnderCurve, f1, precision, recall } from './classification-metrics.ts';

interface Case {
  readonly metric: 'precision' | 'recall' | 'f1';
  readonly shape: readonly number[];
  readonly scores: readonly number[];
  readonly labels: readonly number[];
  readonly expected: Readonly<Partial<Record<'macro' | 'weighted' | 'micro' | 'binary', number>>>;
}

interface Area {
  readonly scores: readonly number[];
  readonly labels: readonly number[];
  readonly area: number;
}

const { cases, areas }: { cases: readonly Case[]; areas: readonly Area[] } = JSON.parse(
  readFileSync(new URL('./classification-metrics.fixtures.json', import.meta.url), 'utf8'),
);

const labelsOf = (labels: readonly number[]) => ({ shape: [labels.length], data: Int32Array.from(labels) });
const metrics = { precision, recall, f1 };

test.each(cases.map((each) => [`${each.metric} of [${each.shape}]`, each] as const))('%s', (_, each) => {
  const outputs = { shape: each.shape, data: Float64Array.from(each.scores) };
  for (const [average, expected] of Object.entries(each.expected))
    expect(metrics[each.metric]({ average } as never)(outputs, labelsOf(each.labels)), average).toBeCloseTo(
      expected,
      14,
    );
  const usual = each.expected.binary ?? each.expected.macro;
  expect(metrics[each.metric]()(outputs, labelsOf(each.labels))).toBeCloseTo(usual as number, 14);
});

test.each(areas)('the area under the curve, with ties: $area', ({ scores, labels, area }) => {
  const data = Float64Array.from(scores);
  expect(areaUnderCurve({ shape: [scores.length], data }, labelsOf(labels))).toBeCloseTo(area, 14);
  expect(areaUnderCurve({ shape: [scores.length, 1], data }, labelsOf(labels))).toBeCloseTo(area, 14);
  const two = {
    shape: [scores.length, 2],
    data: Float64Array.from(scores.flatMap((score) => [1, score + 1])),
  };
  expect(areaUnderCurve(two, labelsOf(labels))).toBeCloseTo(area, 14);
});

test('one class alone has no area; infinite scores are ranked', () => {
  const outputs = { shape: [2], data: Float64Array.of(1, Number.POSITIVE_INFINITY) };
  expect(areaUnderCurve(outputs, labelsOf([1, 1]))).toBeNaN();
  expect(areaUnderCurve(outputs, labelsOf([0, 1]))).toBe(1);
});

test('what they refuse', () => {
  const three = { shape: [1, 3], data: Float64Array.of(1, 2, 3) };
  expect(() => f1({ average: 'binary' })(three, labelsOf([0]))).toThrow(
    /f1: expected two classes.*macro, weighted or micro/,
  );
  expect(() => precision({ averge: 'macro' } as never)).toThrow(/did you mean average/);
  expect(() => areaUnderCurve(three, labelsOf([0]))).toThrow(ArgumentError);
  expect(() => areaUnderCurve({ shape: [1], data: Float64Array.of(1) }, labelsOf([2]))).toThrow(
    /targets 0 and 1/,
  );
  expect(() => areaUnderCurve({ shape: [1], data: Float64Array.of(Number.NaN) }, labelsOf([1]))).toThrow(
    /NaN/,
  );
});
