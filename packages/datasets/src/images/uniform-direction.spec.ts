import { random } from '@funhash/hashing';
import { expect, test } from 'vitest';
import { uniformDirection } from './uniform-direction.ts';

test('directions have length 1 and uniform angles', () => {
  const draws = random(6);
  const bins = new Array<number>(24).fill(0);
  for (let i = 0; i < 6000; i++) {
    const [x, y] = uniformDirection(draws);
    expect(Math.hypot(x, y)).toBeCloseTo(1, 12);
    const bin = Math.floor((Math.atan2(y, x) / Math.PI + 1) * 12) % 24;
    bins[bin] = (bins[bin] as number) + 1;
  }
  const chiSquare = bins.reduce((a, n) => a + (n - 250) ** 2 / 250, 0);
  expect(chiSquare).toBeLessThan(49.7); // 23 degrees of freedom, p = 0.001
});
