import { type Tensor, tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { grad, gradientsOf } from './grad.ts';
import { gradCheck } from './grad-check.ts';
import { matmul } from './ops/matmul.ts';
import { multiply, tanh } from './ops/pointwise.ts';
import { sum } from './ops/reduce.ts';
import { recompute } from './recompute.ts';

const f = (x: Tensor, w: Tensor): Tensor => tanh(matmul(tanh(matmul(x, w)), w));
const again = (x: Tensor, w: Tensor): Tensor =>
  recompute(f as (...inputs: readonly Tensor[]) => Tensor, [x, w]);

const make = (length: number, from: number, shape: readonly number[]): Tensor =>
  tensor(
    Float64Array.from({ length }, (_, k) => Math.sin(from + k)),
    shape,
  );
const x = make(6, 0, [2, 3]);
const w = make(9, 5, [3, 3]);

describe('recompute', () => {
  test('gives the value and the gradients of the function itself', () => {
    const of = (g: typeof f) => gradientsOf(() => sum(multiply(g(x, w), g(x, w))), [x, w]);
    const [[value, gradients], [expected, wanted]] = [of(again), of(f)];
    expect(value.item()).toBe(expected.item());
    gradients.forEach((gradient, k) => {
      gradient.dataSync().forEach((entry, at) => {
        expect(entry).toBeCloseTo((wanted[k] as Tensor).dataSync()[at] as number, 14);
      });
    });
  });

  test('gradients of the first and second order agree with differences', () => {
    gradCheck(again, [x, w]);
  });

  test('an input that is used twice, and one that passes through', () => {
    const square = grad((a: Tensor) => sum(recompute((p, q) => multiply(p as Tensor, q as Tensor), [a, a])));
    expect([...square(x).dataSync()]).toEqual([...x.dataSync()].map((value) => 2 * value));
    const same = grad((a: Tensor) => sum(recompute((p) => p as Tensor, [a])));
    expect([...same(x).dataSync()]).toEqual([1, 1, 1, 1, 1, 1]);
  });

  test('runs f once more for the backward pass, and asks nothing for inputs that need nothing', () => {
    let runs = 0;
    const counted = (...inputs: readonly Tensor[]): Tensor => {
      runs++;
      return f(inputs[0] as Tensor, inputs[1] as Tensor);
    };
    recompute(counted, [x, w]);
    expect(runs).toBe(1);
    gradientsOf(() => sum(recompute(counted, [x, w])), [x]);
    expect(runs).toBe(3);
  });
});
