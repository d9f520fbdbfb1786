import { expect, test } from 'vitest';
import { DataFormatError } from '../errors.ts';
import { encodeIdx } from '../mnist/idx.ts';
import { fromIdx } from './image-dataset.ts';

const images = (count: number, height: number, width: number) =>
  encodeIdx({
    dtype: 'u8',
    shape: [count, height, width],
    data: new Uint8Array(count * height * width).fill(7),
  });
const labels = (...values: number[]) =>
  encodeIdx({ dtype: 'u8', shape: [values.length], data: Uint8Array.from(values) });

const files = {
  trainImages: images(2, 3, 4),
  trainLabels: labels(0, 9),
  testImages: images(1, 3, 4),
  testLabels: labels(5),
};

test('four files make a data set', () => {
  const dataset = fromIdx(files, { name: 'tiny' });
  expect(dataset).toMatchObject({ name: 'tiny', classes: 10, height: 3, width: 4, channels: 1 });
  expect(dataset.train.count).toBe(2);
  expect([...dataset.train.labels]).toEqual([0, 9]);
  expect(dataset.test.inputs).toEqual(new Uint8Array(12).fill(7));
});

test.each([
  ['images without a row axis', { trainImages: labels(1, 2) }, 'trainImages'],
  [
    'images of floats',
    { testImages: encodeIdx({ dtype: 'f32', shape: [1, 1, 1], data: Float32Array.of(1) }) },
    'testImages',
  ],
  ['fewer labels than images', { trainLabels: labels(1) }, 'trainLabels'],
  ['images for labels', { trainLabels: images(2, 1, 1) }, 'trainLabels'],
  ['a label outside the classes', { testLabels: labels(10) }, 'testLabels'],
  ['test images of another size', { testImages: images(1, 4, 3) }, 'testImages'],
])('refuses %s', (_, wrong, source) => {
  expect(() => fromIdx({ ...files, ...wrong }, { name: 'tiny' })).toThrow(DataFormatError);
  try {
    fromIdx({ ...files, ...wrong }, { name: 'tiny' });
  } catch (error) {
    expect(error).toMatchObject({ source });
  }
});
