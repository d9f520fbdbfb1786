import { describe, expect, test } from 'vitest';
import { changesOf, levelsOf } from '../observation/reading.ts';
import { shownStates } from '../observation/shown-states.spec-kit.ts';
import { coverageProbe } from '../probe/probe.ts';
import { type CoverageMetricName, coverageMetrics } from './all-metrics.ts';
import { boundaryCoverage } from './boundary-coverage.ts';
import fixtures from './metrics.fixtures.json' with { type: 'json' };
import { neuronBoundaryCoverage, neuronCoverage, neuronSectionCoverage } from './neuron-coverage.ts';
import { breakPoints, paa, saxWord } from './sax.ts';
import { stepwiseCoverage } from './stepwise-coverage.ts';
import { temporalCoverage } from './temporal-coverage.ts';

const close = (values: ArrayLike<number>): unknown[] =>
  Array.from(values, (value) => expect.closeTo(value, 10));

test('break points are quantiles of the normal distribution', () => {
  for (const cuts of fixtures.cuts) expect([...breakPoints(cuts.length + 1)]).toEqual(close(cuts));
});

test.each(fixtures.series)('PAA and SAX of a series: $segments segments, $symbols symbols', (series) => {
  const { segments, symbols, values, means, rampMeans, word } = series;
  expect([...paa(values, segments)]).toEqual(close(means));
  expect([...paa([...values.keys()], segments)]).toEqual(close(rampMeans));
  expect(saxWord(values, { segments, symbols })).toBe(word);
});

describe.each(fixtures.cases)('$steps steps of $units units, window $window, $aggregate', (sample) => {
  const { steps, units, window, aggregate: name, threshold, segments, symbols, sections } = sample;
  const aggregate = name as 'net' | 'parts' | 'mean';
  const sequences = (values: readonly number[]) => ({
    inputs: Float32Array.from(values),
    inputShape: [steps, units],
  });
  const tests = sequences(sample.tests);
  const probe = coverageProbe(shownStates, {
    training: sequences(sample.train),
    window,
    batchSize: 7,
    metrics: [
      neuronCoverage(),
      neuronSectionCoverage({ sections }),
      neuronBoundaryCoverage(),
      boundaryCoverage({ threshold, aggregate }),
      stepwiseCoverage({ threshold, aggregate }),
      temporalCoverage({ symbols, segments, aggregate }),
    ],
  });

  test('ξ, its change and constants', () => {
    const all = probe.measure(
      Array.from({ length: 12 }, (_, k) => ({
        values: tests.inputs.subarray(k * steps * units, (k + 1) * steps * units),
      })),
    );
    const reading = all.readings.get('0.hidden');
    if (!reading) throw new Error('nothing was read');
    expect([...levelsOf(reading, aggregate)]).toEqual(close(sample.level));
    expect([...changesOf(reading, aggregate)]).toEqual(close(sample.change));
    const { count, ...constants } = probe.metrics.find(({ id }) => id === 'bc')?.constants ?? { count: 0 };
    expect(count).toBe(40);
    expect(constants).toEqual(
      Object.fromEntries(Object.entries(sample.constants).map(([key, value]) => [key, close([value])])),
    );
  });

  test('covered features', () => {
    const coverage = probe.cover(tests);
    for (const id of ['nc', 'kmnc', 'nbc', 'bc', 'sc'] as const)
      expect([id, ...coverage.of(id)]).toEqual([id, ...sample[id]]);
    const tc = probe.metrics.find(({ id }) => id === 'tc');
    const made = [...coverage.of('tc')].map((word) => tc?.label(word));
    expect(made).toEqual([...new Set(sample.words)].sort());
  });

  test('constants of each step', () => {
    const each = coverageProbe(shownStates, {
      training: sequences(sample.train),
      window,
      metrics: [boundaryCoverage({ threshold, aggregate, per: 'step' })],
    });
    expect([...each.cover(tests).of('bc')]).toEqual(sample.bcPerStep);
  });

  test('a feature is covered exactly where its fitness is at most 0', () => {
    const items = Array.from({ length: 12 }, (_, k) => ({
      values: tests.inputs.subarray(k * steps * units, (k + 1) * steps * units),
    }));
    const { positions } = probe.measure(items);
    for (const { id, dims, features, cover, fitness } of probe.metrics)
      for (let k = 0; k < items.length; k++) {
        const position = (positions.get(id) as Float64Array).subarray(k * dims, (k + 1) * dims);
        const covered = new Set<number>();
        cover(position, (feature) => covered.add(feature));
        const reached = Array.from({ length: features }, (_, k) => k).filter(
          (k) => fitness(position, k) <= 0,
        );
        expect([id, ...reached]).toEqual([id, ...[...covered].sort((a, b) => a - b)]);
      }
  });
});

test('a section holds its lower border and not its upper one', () => {
  const values = [-1, -0.8, -0.2, 0, 0.6, 0.8, 1, -0.9999999];
  const [training, tests] = [
    { inputs: Float32Array.of(0.1, 0.2), inputShape: [1, 1] },
    { inputs: Float32Array.from(values), inputShape: [1, 1] },
  ];
  const covers = (sections: number): number[] => [
    ...coverageProbe(shownStates, { training, metrics: [neuronSectionCoverage({ sections })] })
      .cover(tests)
      .of('kmnc'),
  ];
  expect(covers(1)).toEqual([0]);
  expect(covers(2)).toEqual([0, 1]);
  // numpy.digitize(values as f32, numpy.linspace(-1, 1, 11)) - 1, without 10.
  expect(covers(10)).toEqual([0, 3, 5, 8, 9]);
});

test('every metric states its id, title and source', () => {
  for (const [id, metric] of Object.entries(coverageMetrics)) {
    expect(metric.id).toBe(id as CoverageMetricName);
    expect(metric().metric).toBe(id);
    expect(metric.title.length * metric.source.length).toBeGreaterThan(0);
    expect(() => (metric as (options: object) => unknown)({ treshold: 1 })).toThrow(metric.title);
  }
});
