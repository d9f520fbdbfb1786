import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CodeBits } from './dequantize.ts';
import { packCodes } from './pack-codes.ts';
import { packedLength, unpackCodes } from './unpack-codes.ts';

test('codes of any number of bits are what was packed, in the fewest bytes', () => {
  const packed = fc.constantFrom<CodeBits>(2, 3, 4, 5, 6, 7, 8).chain((bits) => {
    const code = fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 });
    return fc.record({ bits: fc.constant(bits), codes: fc.array(code, { maxLength: 60 }) });
  });
  fc.assert(
    fc.property(packed, ({ bits, codes }) => {
      const bytes = packCodes(Int8Array.from(codes), bits);
      expect(bytes.length).toBe(packedLength(codes.length, bits));
      expect(bytes.length).toBe(Math.ceil((codes.length * bits) / 8));
      expect(Array.from(unpackCodes(bytes, codes.length, bits))).toEqual(codes);
    }),
    { seed: 20160112, numRuns: 1000 },
  );
});

test('the first code lies in the lowest bits of the first byte', () => {
  expect(packCodes(Int8Array.of(1, -1, 2, -4), 3)).toEqual(Uint8Array.of(0b10_111_001, 0b0000_100_0));
});
