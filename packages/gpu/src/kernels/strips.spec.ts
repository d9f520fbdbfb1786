import { describe, expect, test } from 'vitest';
import { createBackend } from '../backend.ts';
import { ofVirtual, testLaws } from '../laws-on-device.spec-kit.ts';
import { stripsOf } from './strips.ts';

test('strips cover all rows once, and keep to the entries allowed where a row does', () => {
  for (const [rows, cols, most] of [
    [8192, 4096, 2 ** 22],
    [10, 7, 21],
    [10, 7, 3],
    [1, 0, 4],
    [1000, 1, 999],
  ] as const) {
    const strips = stripsOf(rows, cols, most);
    expect(strips.reduce((next, { first, count }) => (first === next ? next + count : Number.NaN), 0)).toBe(
      rows,
    );
    expect(Math.max(...strips.map(({ count }) => count * cols))).toBeLessThanOrEqual(Math.max(most, cols));
    expect(strips.length).toBe(Math.ceil(rows / Math.max(1, Math.floor(most / Math.max(1, cols)))));
  }
  expect(stripsOf(0, 3, 4)).toEqual([]);
});

// Matrices of the laws have up to a few hundred entries.
describe('virtual matrices in strips', () => testLaws({ mode: 'cpu', stripEntries: 24 }, ofVirtual));

test('strips of no entries are refused', () =>
  expect(createBackend({ mode: 'cpu', stripEntries: 0 })).rejects.toThrow(/stripEntries/));
