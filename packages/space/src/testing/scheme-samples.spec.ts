import { ArgumentError } from '@funhash/hashing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { uniform } from '../options.ts';
import { defineScheme, type StoredArray } from '../scheme.ts';
import * as schemes from '../schemes/index.ts';
import { createWeight } from '../weight/create-weight.ts';
import { SharedSpace } from '../weight/shared-space.ts';
import { samplesOf, schemeSamples } from './scheme-samples.ts';

const extent = fc.integer({ min: 1, max: 12 });

test('every scheme has samples', () => {
  expect(Object.keys(schemeSamples())).toEqual(Object.keys(schemes));
});

describe.each(Object.values(schemeSamples()).flat())('samples of $scheme.definition.kind', (sample) => {
  const { scheme, shape, requests, drawn } = sample;

  test('fit their extents', () => {
    for (const request of requests) expect(createWeight(request, shape).definition).toBe(scheme.definition);
  });

  test('are drawn for any matrix, and within a shared space', () => {
    const space = new SharedSpace({ values: 80 });
    fc.assert(
      fc.property(drawn, extent, extent, (make, rows, cols) => {
        expect(createWeight(make({ rows, cols }), { rows, cols }).definition).toBe(scheme.definition);
        if (!scheme.definition.pool) return;
        const weight = createWeight(make({ rows, cols }, space), { rows, cols });
        expect(weight.parameters).toContain(space.parameter);
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  test('are drawn with every choice of every option', () => {
    const weights = fc
      .sample(drawn, { seed: 2, numRuns: 300 })
      .map((make) => make(shape).options as Record<string, unknown>);
    const draws = scheme.definition.sample?.draws as Record<string, readonly unknown[]> | undefined;
    for (const [name, option] of Object.entries(scheme.definition.options))
      for (const choice of draws?.[name] ?? option.choices ?? [])
        expect(
          weights.some((given) => given[name] === choice),
          `${name} ${choice}`,
        ).toBe(true);
  });
});

test('a scheme that no draw suits says so', () => {
  const picky = defineScheme({
    kind: 'picky',
    source: 'a fault',
    options: { count: uniform.count() },
    plan: () => ({}),
    stored: (_, { rows }) => {
      throw new ArgumentError({ operation: 'picky', expected: 'nothing', actual: String(rows) });
    },
    initialize: () => ({ w: new Float64Array(1) }),
    entry: (_, { w }) => (w as StoredArray).at(0),
  });
  const [sample] = samplesOf(picky);
  const [make] = fc.sample(sample?.drawn as NonNullable<typeof sample>['drawn'], { seed: 1, numRuns: 1 });
  expect(() => make?.({ rows: 2, cols: 2 })).toThrow('picky: expected options that can be drawn');
});
