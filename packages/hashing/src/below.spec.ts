import fc from 'fast-check';
import { expect, test } from 'vitest';
import { below, signOf } from './below.ts';

const edges = [0, 1, 2, 0xffff, 0x10000, 0x10001, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1];
const word = fc.oneof(fc.constantFrom(...edges), fc.integer({ min: 0, max: 2 ** 32 - 1 }));

test('below is the exact high word of the product', () => {
  const property = fc.property(word, word, (h, n) => {
    expect(below(h, n)).toBe(Number((BigInt(h) * BigInt(n)) >> 32n));
  });
  fc.assert(property, { seed: 1, numRuns: 2000 });
  for (const h of edges)
    for (const n of edges) expect(below(h, n)).toBe(Number((BigInt(h) * BigInt(n)) >> 32n));
});

test('every bucket can be reached, the first by 0 and the last by the greatest word', () => {
  for (const n of [1, 2, 3, 1000, 2 ** 32 - 1]) {
    expect(below(0, n)).toBe(0);
    expect(below(2 ** 32 - 1, n)).toBe(n - 1);
  }
});

test('the sign is −1 for odd words', () => {
  expect([0, 1, 2 ** 32 - 2, 2 ** 32 - 1].map(signOf)).toEqual([1, -1, 1, -1]);
});
