import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { bytesOf, requireBytes } from './bytes-of.ts';
import { ArgumentError } from './errors.ts';

const shared = () => new Uint8Array(new SharedArrayBuffer(4), 1, 3);

describe('bytes are', () => {
  test.each<[string, () => ArrayBufferView]>([
    ['a Uint8Array', () => Uint8Array.of(1, 2, 3)],
    ['a part of one', () => Uint8Array.of(0, 1, 2, 3, 4).subarray(1, 4)],
    ['a Buffer', () => Buffer.from([1, 2, 3])],
    ['pixels of a canvas', () => Uint8ClampedArray.of(1, 2, 3)],
    ['a part of these', () => Uint8ClampedArray.of(9, 1, 2, 3).subarray(1)],
    ['shared memory', () => Object.assign(shared(), [1, 2, 3])],
    ['those of another realm', () => runInNewContext('Uint8Array.of(1, 2, 3)')],
    ['pixels of another realm', () => runInNewContext('Uint8ClampedArray.of(1, 2, 3)')],
  ])('%s', (_, make) => {
    const given = make();
    const bytes = bytesOf(given);
    expect(Array.from(bytes as Uint8Array)).toEqual([1, 2, 3]);
    expect(bytes).toBeInstanceOf(Uint8Array);
    expect(bytes?.buffer).toBe(given.buffer);
    expect(requireBytes('f', 'pixels', given)).toEqual(bytes);
  });
});

test.each<[string, unknown, RegExp]>([
  ['floats', new Float32Array(1), /got a Float32Array/],
  ['signed bytes', new Int8Array(1), /got a Int8Array/],
  ['a DataView', new DataView(new ArrayBuffer(1)), /got a DataView/],
  ['a buffer', new ArrayBuffer(1), /Give new Uint8Array\(buffer\)/],
  ['an image of a canvas', { data: new Uint8ClampedArray(4), width: 1, height: 1 }, /Give its data/],
  ['a list', [1, 2], /got \[1,2\]/],
  ['nothing', undefined, /got undefined/],
])('%s are none', (_, values, message) => {
  expect(bytesOf(values)).toBeUndefined();
  expect(() => requireBytes('f', 'pixels', values)).toThrow(ArgumentError);
  expect(() => requireBytes('f', 'pixels', values)).toThrow(message);
});
