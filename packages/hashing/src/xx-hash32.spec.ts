import fc from 'fast-check';
import { expect, test } from 'vitest';
import xxHashWasm from 'xxhash-wasm';
import fixtures from './xx-hash.fixtures.json' with { type: 'json' };
import { xxHash32, xxHash32Words } from './xx-hash32.ts';

const message = Uint8Array.from({ length: 1000 }, (_, i) => 167 * i + 13);
const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });

test('golden vectors of the C library, lengths 0 to 300 and more', () => {
  for (const { seed, hashes } of fixtures.xxh32) {
    for (const [length, hash] of hashes as [number, number][]) {
      expect(xxHash32(message.subarray(0, length), seed), `${length} bytes, seed ${seed}`).toBe(hash);
    }
  }
});

test('golden vectors of two-word keys', () => {
  for (const [row, col, seed, hash] of fixtures.words as [number, number, number, number][]) {
    expect(xxHash32Words(row, col, seed), `row ${row}, column ${col}, seed ${seed}`).toBe(hash);
  }
});

test('the formula is the byte hash of both words, little-endian', () => {
  const property = fc.property(word, word, word, (row, col, seed) => {
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, row, true);
    view.setUint32(4, col, true);
    expect(xxHash32Words(row, col, seed)).toBe(xxHash32(bytes, seed));
  });
  fc.assert(property, { seed: 1, numRuns: 500 });
});

test('any bytes at any offset of a buffer hash as in another implementation', async () => {
  const { h32Raw } = await xxHashWasm();
  const property = fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(7), word, (bytes, from, seed) => {
    const view = bytes.subarray(from);
    expect(xxHash32(view, seed)).toBe(h32Raw(view, seed));
  });
  fc.assert(property, { seed: 1, numRuns: 500 });
});

test('the seed is 0 by default and taken modulo 2^32', () => {
  expect(xxHash32(message)).toBe(xxHash32(message, 0));
  expect(xxHash32(message, -1)).toBe(xxHash32(message, 2 ** 32 - 1));
  expect(xxHash32(message, 2 ** 40 + 5)).toBe(xxHash32(message, 5));
});
