import fc from 'fast-check';
import { expect, test } from 'vitest';
import xxHashWasm from 'xxhash-wasm';
import { ArgumentError } from './errors.ts';
import fixtures from './xx-hash.fixtures.json' with { type: 'json' };
import { xxHash64 } from './xx-hash64.ts';

const message = Uint8Array.from({ length: 1000 }, (_, i) => 167 * i + 13);

test('golden vectors of the C library, lengths 0 to 300 and more', () => {
  for (const { seed, hashes } of fixtures.xxh64) {
    for (const [length, hash] of hashes as [number, string][]) {
      const actual = xxHash64(message.subarray(0, length), BigInt(seed)).toString(16).padStart(16, '0');
      expect(actual, `${length} bytes, seed ${seed}`).toBe(hash);
    }
  }
});

test('any bytes at any offset of a buffer hash as in another implementation', async () => {
  const { h64Raw } = await xxHashWasm();
  const seeds = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  const property = fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(7), seeds, (bytes, from, seed) => {
    const view = bytes.subarray(from);
    expect(xxHash64(view, seed)).toBe(h64Raw(view, seed));
  });
  fc.assert(property, { seed: 1, numRuns: 500 });
});

test('number seeds are the bigint seeds, by default 0', () => {
  expect(xxHash64(message)).toBe(xxHash64(message, 0n));
  expect(xxHash64(message, 2 ** 53 - 1)).toBe(xxHash64(message, 2n ** 53n - 1n));
  expect(xxHash64(message, -1n)).toBe(xxHash64(message, 2n ** 64n - 1n));
});

test.each([-1, 0.5, 2 ** 53, Number.NaN])('the number seed %s is refused', (seed) => {
  expect(() => xxHash64(message, seed)).toThrow(ArgumentError);
});
