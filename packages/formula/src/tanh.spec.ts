import { expect, test } from 'vitest';
import { roundedTanh, tanhClamp } from './tanh.ts';

const grid = Array.from({ length: 400_001 }, (_, k) => Math.fround(-10 + k * 5e-5));

test('is within 1.3e-6 of tanh', () => {
  const worst = grid.reduce((most, x) => Math.max(most, Math.abs(roundedTanh(x) - Math.tanh(x))), 0);
  expect(worst).toBeLessThanOrEqual(1.3e-6);
  expect(worst).toBeGreaterThan(1e-7);
});

test('never exceeds 1 and is odd', () => {
  for (const x of grid) {
    const y = roundedTanh(x);
    if (!(Math.abs(y) <= 1)) throw new Error(`tanh(${x}) is ${y}`);
    if (!Object.is(roundedTanh(-x), -y)) throw new Error(`tanh is not odd at ${x}`);
  }
});

test('does not fall anywhere, so that no gradient changes sign', () => {
  let last = -1;
  for (const x of grid) {
    const y = roundedTanh(x);
    if (y < last) throw new Error(`tanh falls at ${x}: ${last} to ${y}`);
    last = y;
  }
});

test('1 − y² is the derivative of tanh within 2.5e-6 inside the clamp', () => {
  let worst = 0;
  for (let x = -tanhClamp + 0.01; x < tanhClamp - 0.01; x += 0.013) {
    const y = Math.fround(roundedTanh(Math.fround(x)));
    worst = Math.max(worst, Math.abs(1 - y * y - (1 - Math.tanh(x) ** 2)));
  }
  expect(worst).toBeLessThanOrEqual(2.5e-6);
});

test('special values', () => {
  expect(roundedTanh(Number.NaN)).toBeNaN();
  expect(roundedTanh(Number.POSITIVE_INFINITY)).toBe(roundedTanh(tanhClamp));
  expect(Math.abs(1 - roundedTanh(Number.POSITIVE_INFINITY))).toBeLessThanOrEqual(1.3e-6);
  expect(Object.is(roundedTanh(-0), -0)).toBe(true);
});
