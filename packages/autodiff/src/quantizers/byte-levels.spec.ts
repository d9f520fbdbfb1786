import { type Tensor, tensor } from '@funhash/tensor';
import { expect, test } from 'vitest';
import { grad } from '../grad.ts';
import { sum } from '../ops/reduce.ts';
import { byteLevels } from './byte-levels.ts';

test('every byte / 255 becomes its own odd multiple of 1/256', () => {
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  const levels = byteLevels(tensor(bytes.map((byte) => byte / 255))).dataSync();
  expect(Array.from(levels)).toEqual(bytes.map((byte) => (2 * byte - 255) / 256));
});

test('what lies beside [0, 1] becomes the nearest end', () => {
  expect(Array.from(byteLevels(tensor([-3, -0.001, 1.001, 40])).dataSync())).toEqual(
    [-255, -255, 255, 255].map((level) => level / 256),
  );
});

test('the gradient is that of the line', () => {
  const slope = grad((x: Tensor) => sum(byteLevels(x)))(tensor([0, 0.3, 0.77]));
  expect(Array.from(slope.dataSync())).toEqual([2, 2, 2]);
});
