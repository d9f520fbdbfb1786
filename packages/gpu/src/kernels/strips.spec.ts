import { backendLaws } from '@funhash/tensor/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBackend, type GpuBackend } from '../backend.ts';
import { testedModes } from '../tested-modes.spec-kit.ts';
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

describe.each(['cpu', 'headlessgl'] as const)('virtual matrices in strips, mode %s', (mode) => {
  describe.skipIf(!testedModes.includes(mode))('where it starts', () => {
    let backend: GpuBackend;
    beforeAll(async () => {
      // Matrices of the laws have up to a few hundred entries.
      backend = await createBackend({ mode, stripEntries: 24 });
    });
    afterAll(() => backend.close());

    const laws = backendLaws(async () => backend, { floats: ['f32'] });
    for (const law of laws.filter(({ name }) => /^(virtual|fold)/.test(name))) test(law.name, law.check);
  });
});

test('strips of no entries are refused', () =>
  expect(createBackend({ mode: 'cpu', stripEntries: 0 })).rejects.toThrow(/stripEntries/));
