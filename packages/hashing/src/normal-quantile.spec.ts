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
