import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ArgumentError } from './errors.ts';
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

test.each<[string, () => unknown, RegExp]>([
  ['no type', () => joinArrays('Uint8Array' as never, []), /type such as Uint8Array/],
  ['no list', () => joinArrays(Uint8Array, undefined as never), /list of arrays/],
  ['a list of others', () => joinArrays(Uint8Array, [3] as never), /list of arrays/],
])('%s is refused', (_, act, message) => {
  expect(act).toThrow(ArgumentError);
  expect(act).toThrow(message);
});
