import { ArgumentError } from '@funhash/hashing';
import { expect, test } from 'vitest';
import { type ShapeName, shapes } from './shapes.ts';

const names: ShapeName[] = ['rect', 'rect-img', 'convex'];

test.each(names)('%s: by seed, train and test differ, a smaller set begins a larger one', (name) => {
  const dataset = shapes(name, { trainCount: 50, testCount: 40, seed: 2 });
  expect(dataset).toMatchObject({ classes: 2, width: 28, height: 28, channels: 1 });
  expect([dataset.train.count, dataset.test.count]).toEqual([50, 40]);
  const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b.subarray(0, a.length)) === 0;
  const again = shapes(name, { trainCount: 50, testCount: 40, seed: 2 });
  expect(same(again.train.inputs, dataset.train.inputs)).toBe(true);
  expect(same(again.test.inputs, dataset.test.inputs)).toBe(true);
  const other = shapes(name, { trainCount: 50, testCount: 40, seed: 3 });
  expect(same(other.train.inputs, dataset.train.inputs)).toBe(false);
  expect(same(dataset.test.inputs, dataset.train.inputs)).toBe(false);
  const small = shapes(name, { trainCount: 9, testCount: 7, seed: 2 });
  expect(same(small.train.inputs, dataset.train.inputs)).toBe(true);
  expect(small.test.labels).toEqual(dataset.test.labels.slice(0, 7));
});

test('names tell when backgrounds are generated', () => {
  expect(shapes('rect-img', { trainCount: 1, testCount: 1 }).name).toBe('rect-img (generated backgrounds)');
  const backgrounds = [1, 2].map(() => ({
    width: 28,
    height: 28,
    data: Uint8Array.from({ length: 784 }, (_, i) => i),
  }));
  expect(shapes('rect-img', { trainCount: 1, testCount: 1, backgrounds }).name).toBe('rect-img');
});

test('bad counts are refused', () => {
  expect(() => shapes('rect', { trainCount: 1.5 })).toThrow(ArgumentError);
});
