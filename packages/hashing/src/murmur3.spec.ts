import { expect, test } from 'vitest';
import fixtures from './murmur3.fixtures.json' with { type: 'json' };
import { murmur3Mix, murmur3Words } from './murmur3.ts';
import { numberWords } from './words.ts';

test('golden vectors of the finaliser', () => {
  for (const [h, mixed] of fixtures.mix as [number, number][]) expect(murmur3Mix(numberWords, h)).toBe(mixed);
});

test('golden vectors of two-word keys', () => {
  for (const [row, col, seed, hash] of fixtures.words as [number, number, number, number][]) {
    expect(murmur3Words(row, col, seed), `row ${row}, column ${col}, seed ${seed}`).toBe(hash);
  }
});
