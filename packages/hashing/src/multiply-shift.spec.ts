import { expect, test } from 'vitest';
import vectors from './multiply-shift.fixtures.json' with { type: 'json' };
import { multiplyShiftWords } from './multiply-shift.ts';

test('golden vectors of two-word keys', () => {
  for (const [row, col, seed, hash] of vectors as [number, number, number, number][]) {
    expect(multiplyShiftWords(row, col, seed), `row ${row}, column ${col}, seed ${seed}`).toBe(hash);
  }
});
