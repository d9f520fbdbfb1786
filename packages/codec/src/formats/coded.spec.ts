import { describe, expect, test } from 'vitest';
import { storageFormats } from './storage-formats.ts';

const { coded } = storageFormats;

const refuse = (expected: string, actual: string): never => {
  throw new Error(`${expected}, ${actual}`);
};

const back = (values: Float32Array): Float32Array =>
  coded.decode(coded.encode(values, [values.length]), [values.length], refuse);

describe('multiples of a step', () => {
  test.each([0.1, 1 / 3, 0.0123, 1e-30, 7])('of %d come back bit for bit', (unit) => {
    const step = Math.fround(unit);
    for (const least of [0, 1, 3, 17, 100]) {
      const values = Float32Array.from(
        { length: 129 - least },
        (_, k) => (k % 2 ? -1 : 1) * (k + least) * step,
      );
      // A zero below zero is zero.
      expect(back(values)).toEqual(values.map((x) => x || 0));
    }
  });

  test('of few sizes take as few bits as they are worth', () => {
    // −1, 0, 0, 0, 1, 0, 0, 0, …: one of four is not 0, 1.06 bits by frequencies of zeros and signs.
    let state = 1;
    const values = Float32Array.from({ length: 4000 }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 30 === 0 ? (state & (1 << 29) ? 0.3 : -0.3) : 0;
    });
    expect(coded.encode(values, [4000]).stored.data.length).toBeLessThan((4000 * 1.15) / 8);
  });
});

test('shapes that no such bytes can fill are refused before memory is taken', () => {
  const { stored, said } = coded.encode(new Float32Array(100), [100]);
  const claims = (shape: readonly number[]) => coded.shapeOf({ stored, said: { ...said, shape } }, refuse);
  expect(() => claims([2 ** 15, 2 ** 15])).toThrow('at most');
  expect(claims([100])).toEqual([100]);
});

test('as many zeros as a codeword can hold are within the bound', () => {
  const zeros = new Float32Array(2 ** 20);
  const encoded = coded.encode(zeros, [zeros.length]);
  expect(coded.shapeOf(encoded, refuse)).toEqual([zeros.length]);
  expect(coded.decode(encoded, [zeros.length], refuse).every((x) => x === 0)).toBe(true);
});
