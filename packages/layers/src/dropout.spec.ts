import { gradCheck, gradientsOf, sum } from '@funhash/autodiff';
import { ArgumentError, random } from '@funhash/hashing';
import { ones, tensor } from '@funhash/tensor';
import { expect, test } from 'vitest';
import { Dropout } from './dropout.ts';

const pass = (seed: number) => ({ training: true, random: random(seed) });

test.each([0.1, 0.5, 0.9])('rate %f: that share is 0, the others are scaled, the mean stays', (rate) => {
  const count = 200_000;
  const kept = new Dropout({ rate }).forward(ones([400, 500]), pass(1)).dataSync();
  const zeros = kept.filter((value) => value === 0).length;
  // Five standard deviations of a binomial count.
  expect(Math.abs(zeros - rate * count)).toBeLessThan(5 * Math.sqrt(count * rate * (1 - rate)));
  expect(new Set(kept)).toEqual(new Set([0, Math.fround(1 / (1 - rate))]));
});

test('inference and rate 0 are the identity', () => {
  const x = tensor([1, 2, 3]);
  expect(new Dropout({ rate: 0.9 }).forward(x)).toBe(x);
  expect(new Dropout({ rate: 0.9 }).forward(x, { training: false, random: random(1) })).toBe(x);
  expect(new Dropout({ rate: 0 }).forward(x, pass(1))).toBe(x);
});

test('the pass decides what is dropped; two layers in one pass drop differently', () => {
  const layer = new Dropout({ rate: 0.5 });
  const x = ones([100]);
  expect(layer.forward(x, pass(1)).toArray()).toEqual(layer.forward(x, pass(1)).toArray());
  expect(layer.forward(x, pass(1)).toArray()).not.toEqual(layer.forward(x, pass(2)).toArray());
  const shared = pass(1);
  expect(layer.forward(x, shared).toArray()).not.toEqual(layer.forward(x, shared).toArray());
});

test('the gradient goes where the value went, also in f64', () => {
  const layer = new Dropout({ rate: 0.3 });
  const x = tensor(Float64Array.of(1, -2, 3, 4, 5, 6), [2, 3]);
  gradCheck((input) => layer.forward(input, pass(4)), [x]);
  const [, [gradient]] = gradientsOf(() => sum(layer.forward(x, pass(4))), [x]);
  const y = layer.forward(x, pass(4)).dataSync();
  expect(gradient?.dataSync()).toEqual(y.map((value, k) => value / (x.dataSync()[k] as number)));
});

test.each([-0.1, 1, Number.NaN, undefined as unknown as number])('rate %s is refused', (rate) => {
  expect(() => new Dropout({ rate })).toThrow(ArgumentError);
});
