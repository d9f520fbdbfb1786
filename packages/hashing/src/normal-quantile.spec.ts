import { expect, test } from 'vitest';
import quantiles from './normal-quantile.fixtures.json' with { type: 'json' };
import { normalQuantile } from './normal-quantile.ts';

test('quantiles agree with an independent implementation to 1e-15', () => {
  for (const [p, x] of quantiles as [number, number][]) {
    expect(Math.abs(normalQuantile(p) - x), `at p = ${p}`).toBeLessThanOrEqual(
      1e-15 * Math.max(1, Math.abs(x)),
    );
  }
});

test('the ends are infinite, and what is no probability is refused', () => {
  expect([0, 1].map(normalQuantile)).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
  for (const p of [-0.1, 1.1, Number.NaN, undefined, '0.5'])
    expect(() => normalQuantile(p as number)).toThrow('normalQuantile: expected a probability from 0 to 1');
});
