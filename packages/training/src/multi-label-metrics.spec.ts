import { ArgumentError } from '@funhash/hashing';
import { expect, test } from 'vitest';
import fixtures from './multi-label-metrics.fixtures.json' with { type: 'json' };
import {
  labelScores,
  multiLabelF1,
  multiLabelPrecision,
  multiLabelRecall,
  subsetAccuracy,
} from './multi-label-metrics.ts';

const metrics = { precision: multiLabelPrecision, recall: multiLabelRecall, f1: multiLabelF1 };

test.each(fixtures.cases.map((each) => [`[${each.shape}] above ${each.threshold}`, each] as const))(
  'logits %s: the numbers of scikit-learn',
  (_, { shape, threshold, logits, targets, expected, subset, labels }) => {
    const outputs = { shape, data: Float32Array.from(logits) };
    const wanted = { shape, data: Float32Array.from(targets) };
    for (const [average, values] of Object.entries(expected))
      for (const [name, value] of Object.entries(values)) {
        const metric = metrics[name as keyof typeof metrics];
        expect(metric({ average, threshold } as never)(outputs, wanted), `${name} ${average}`).toBeCloseTo(
          value,
          14,
        );
      }
    expect(subsetAccuracy({ threshold })(outputs, wanted)).toBeCloseTo(subset, 14);
    const scores = labelScores(outputs, wanted, { threshold });
    expect(scores).toHaveLength(labels.length);
    for (const [k, each] of labels.entries())
      for (const [name, value] of Object.entries(each))
        expect(scores[k]?.[name as keyof (typeof scores)[0]]).toBeCloseTo(value, 14);
  },
);

test('by default labels are told above a logit of 0, and have one mean', () => {
  const outputs = { shape: [2, 2], data: Float32Array.of(1, -1, 0, 1) };
  const targets = { shape: [2, 2], data: Float32Array.of(1, 0, 0, 0) };
  expect(subsetAccuracy()(outputs, targets)).toBe(0.5);
  expect(multiLabelPrecision()(outputs, targets)).toBe(0.5);
  expect(multiLabelRecall()(outputs, targets)).toBe(0.5);
  expect(multiLabelPrecision({ average: 'micro' })(outputs, targets)).toBe(0.5);
});

test('what they refuse', () => {
  const outputs = { shape: [2, 2], data: Float32Array.of(1, -1, 0, 1) };
  const halves = { shape: [2, 2], data: Float32Array.of(0.5, 0, 1, 1) };
  const labels = { shape: [2], data: Int32Array.of(0, 1) };
  for (const targets of [halves, labels])
    for (const metric of [subsetAccuracy(), multiLabelF1()])
      expect(() => metric(outputs, targets)).toThrow(ArgumentError);
  expect(() => labelScores(outputs, labels)).toThrow(/targets 0 and 1/);
  expect(() => multiLabelF1({ treshold: 0.5 } as never)).toThrow(/did you mean threshold/);
  expect(() => subsetAccuracy({ threshold: 1 })).toThrow(/threshold/);
  expect(() => multiLabelF1({ average: 'binary' } as never)).toThrow(/macro/);
});
