import { ArgumentError } from '@funhash/hashing';
import { expect, test } from 'vitest';
import { spirals, twoMoons, xor } from './synthetic.ts';

test('xor is the truth table', () => {
  const { inputs: points, labels, count } = xor();
  for (let i = 0; i < count; i++)
    expect(labels[i]).toBe((points[2 * i] as number) ^ (points[2 * i + 1] as number));
});

test.each([
  ['spirals', spirals],
  ['twoMoons', twoMoons],
])('%s: balanced, by seed', (_, make) => {
  const data = make(200, 5);
  expect(data.inputs).toHaveLength(400);
  expect(data.labels.filter((label) => label === 1)).toHaveLength(100);
  expect(make(200, 5)).toEqual(data);
  expect(make(200, 6).inputs).not.toEqual(data.inputs);
  expect(() => make(0)).toThrow(ArgumentError);
  expect(() => make(4, 0, -1)).toThrow(ArgumentError);
});

test('without noise the points lie on their curves', () => {
  const spiral = spirals(100, 1, 0);
  const moons = twoMoons(100, 1, 0);
  for (let i = 0; i < 100; i++) {
    const [x, y] = spiral.inputs.slice(2 * i, 2 * i + 2) as unknown as [number, number];
    const r = Math.hypot(x, y);
    const angle = 3 * Math.PI * r + Math.PI * (i % 2);
    expect(Math.hypot(x - r * Math.cos(angle), y - r * Math.sin(angle))).toBeLessThan(1e-5);
    const [u, v] = moons.inputs.slice(2 * i, 2 * i + 2) as unknown as [number, number];
    expect(i % 2 ? Math.hypot(1 - u, 0.5 - v) : Math.hypot(u, v)).toBeCloseTo(1, 5);
    expect(i % 2 ? 0.5 - v : v).toBeGreaterThanOrEqual(-1e-6);
  }
});

test('arguments that are none are refused, each by name', () => {
  for (const [name, make] of [
    ['spirals', spirals],
    ['twoMoons', twoMoons],
  ] as const) {
    const given =
      (...args: unknown[]) =>
      () =>
        (make as (...args: unknown[]) => unknown)(...args);
    for (const count of [0, -1, 1.5, Number.NaN, 2 ** 40, '10', { count: 10 }, [10], null, undefined])
      expect(given(count)).toThrow(`${name}: expected count: a whole number from 1 to 268435456`);
    for (const seed of [-1, 0.5, Number.NaN, '1', null, {}])
      expect(given(4, seed)).toThrow(`${name}: expected seed: a whole number`);
    for (const noise of [-1, Number.NaN, Number.POSITIVE_INFINITY, '0.1', null, {}])
      expect(given(4, 0, noise)).toThrow(`${name}: expected noise: a finite number ≥ 0`);
    expect(given(0)).toThrow(ArgumentError);
  }
  for (const argument of [4, {}, undefined])
    expect(() => (xor as (...args: unknown[]) => unknown)(argument)).toThrow('xor: expected no argument');
});
