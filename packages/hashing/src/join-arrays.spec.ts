import fc from 'fast-check';
import { expect, test } from 'vitest';
import { joinArrays } from './join-arrays.ts';

test('joined arrays are the elements of all in order', () => {
  fc.assert(
    fc.property(fc.array(fc.int8Array()), (parts) => {
      expect(joinArrays(Int32Array, parts)).toEqual(Int32Array.from(parts.flatMap((part) => [...part])));
      expect(joinArrays(Int8Array, parts)).toBeInstanceOf(Int8Array);
    }),
    { seed: 1 },
  );
});
