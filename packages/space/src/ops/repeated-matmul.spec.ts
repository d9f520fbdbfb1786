import { add, gradientsOf, multiply, square, sum, tanh } from '@funhash/autodiff';
import { random } from '@funhash/hashing';
import { currentBackend, type Tensor, tensor } from '@funhash/tensor';
import { describe, expect, test, vi } from 'vitest';
import { dense } from '../schemes/dense.ts';
import { funHash } from '../schemes/fun-hash.ts';
import { hashedNet } from '../schemes/hashed-net.ts';
import { lowRank } from '../schemes/low-rank.ts';
import { createWeight } from '../weight/create-weight.ts';

const requests = {
  dense: dense(),
  'hashedNet, tile': hashedNet({ ratio: 1 / 3 }),
  'hashedNet, step': hashedNet({ ratio: 1 / 3, policy: 'step' }),
  'funHash, a formula that is not linear': funHash({ ratio: 1 / 2 }),
  'lowRank, a product by contraction': lowRank({ rank: 2 }),
};

const size = 5;
const normal = (seed: number, shape: readonly number[]): Tensor => {
  const values = new Float64Array(shape.reduce((a, b) => a * b, 1));
  return tensor(random(seed).fillNormal(values), shape);
};

function requireClose(found: Tensor | undefined, wanted: Tensor | undefined): void {
  const reference = wanted?.dataSync<Float64Array>() ?? [];
  found?.dataSync<Float64Array>().forEach((value, at) => {
    expect(value).toBeCloseTo(reference[at] as number, 10);
  });
  expect(found?.shape).toEqual(wanted?.shape);
}

describe.each(Object.entries(requests))('%s', (_, request) => {
  const weight = createWeight(request, { rows: size, cols: size, dtype: 'f64' });
  const bias = normal(1, [size]);
  const start = normal(2, [2, size]);
  const inputs = [3, 4, 5].map((seed) => normal(seed, [2, size]));
  const values = weight.parameters.map(({ value }) => value);

  /** A sum over the states of a recurrence that multiplies by the weight. */
  const states = (product: (x: Tensor) => Tensor): Tensor => {
    let [state, total] = [start, sum(start)];
    for (const input of inputs) {
      state = tanh(add(product(state), input));
      total = add(total, sum(multiply(state, input)));
    }
    return total;
  };
  const wrt = [bias, start, ...values];
  const once = () => states((x) => weight.matmul(x, bias));
  const repeated = () => states(weight.repeatedMatmul(bias));

  test('values and gradients are those of single products, also of gradients', () => {
    const squares = (f: () => Tensor) => () =>
      gradientsOf(f, wrt)[1].reduce<Tensor>(
        (total, g) => add(total, sum(square(g))),
        tensor([0], [], { dtype: 'f64' }),
      );
    for (const level of [(f: () => Tensor) => f, squares]) {
      const [expected, wanted] = gradientsOf(level(once), wrt);
      const [actual, found] = gradientsOf(level(repeated), wrt);
      expect(actual.item()).toBeCloseTo(expected.item(), 12);
      found.forEach((gradient, k) => {
        requireClose(gradient, wanted[k]);
      });
    }
  });

  test('parts of the gradient can be asked for alone, and a tape of its inputs alone needs no stored values', () => {
    for (const one of [bias, start, values[0] as Tensor]) {
      const [, [wanted]] = gradientsOf(once, [one]);
      const [, [found]] = gradientsOf(repeated, [one]);
      requireClose(found, wanted);
    }
  });
});

test('the stored values have one fold for all uses', () => {
  const weight = createWeight(hashedNet({ ratio: 1 / 3 }), { rows: size, cols: size });
  const x = tensor(random(1).fillNormal(new Float32Array(2 * size)), [2, size]);
  const fold = vi.spyOn(currentBackend().kernels as { virtualFold: () => void }, 'virtualFold');
  const product = (f: (x: Tensor) => Tensor) => sum(f(f(f(x))));
  const wrt = weight.parameters.map(({ value }) => value);
  gradientsOf(() => product(weight.repeatedMatmul()), wrt);
  expect(fold).toHaveBeenCalledTimes(1);
  fold.mockClear();
  gradientsOf(() => product((each) => weight.matmul(each)), wrt);
  expect(fold).toHaveBeenCalledTimes(3);
  fold.mockRestore();
});
