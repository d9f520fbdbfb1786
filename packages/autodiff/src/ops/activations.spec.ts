import type { Real } from '@funhash/formula';
import { type Tensor, tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { grad } from '../grad.ts';
import { oneShape, opLaws } from '../testing.ts';
import { elu, gelu, hardSigmoid, hardSwish, hardTanh, leakyRelu } from './activations.ts';
import { elementwise, elu as plainElu, leakyRelu as plainLeakyRelu, gelu as tanhGelu } from './pointwise.ts';
import { sum } from './reduce.ts';

const wide = { low: -5, high: 5 };
const ops = {
  'elu of alpha 1.7': (x: Tensor) => elu(x, { alpha: 1.7 }),
  'leakyRelu of slope 0.3': (x: Tensor) => leakyRelu(x, { negativeSlope: 0.3 }),
  hardTanh: (x: Tensor) => hardTanh(x),
  hardSigmoid: (x: Tensor) => hardSigmoid(x),
  hardSwish: (x: Tensor) => hardSwish(x),
};

describe('laws', () => {
  for (const [name, op] of Object.entries(ops))
    for (const law of opLaws(name, op, oneShape(), { runs: 10, ...wide })) test(law.name, law.check);
});

test('without options they are the ops that layers call by name', () => {
  const x = tensor([-3, -0.5, 0, 0.5, 3]);
  const pairs = [
    [gelu, tanhGelu],
    [elu, plainElu],
    [leakyRelu, plainLeakyRelu],
  ] as const;
  for (const [op, plain] of pairs) expect(op(x).dataSync()).toEqual(plain(x).dataSync());
});

test('far out: no NaN, and the limits', () => {
  const x = tensor([-Infinity, -1e6, 1e6, Infinity]);
  const slopes = (op: (x: Tensor) => Tensor) => grad((z: Tensor) => sum(op(z)))(x).toArray();
  expect(hardTanh(x).toArray()).toEqual([-1, -1, 1, 1]);
  expect(hardSigmoid(x).toArray()).toEqual([0, 0, 1, 1]);
  expect(hardSwish(x).toArray()).toEqual([-0, -0, 1e6, Infinity]);
  expect(slopes(hardSwish)).toEqual([0, 0, 1, 1]);
  expect(slopes(hardSigmoid)).toEqual([0, 0, 0, 0]);
  expect(elu(x, { alpha: 2 }).toArray()).toEqual([-2, -2, 1e6, Infinity]);
  for (const op of Object.values(ops)) expect(op(tensor(Number.NaN)).item()).toBeNaN();
});

test('hardTanh is a statement of one element, too', () => {
  const twice = elementwise('twice', (x: Real) => hardTanh(x).times(2));
  expect(twice(tensor([-3, 0.25, 3])).toArray()).toEqual([-2, 0.5, 2]);
});

test('what they do not take', () => {
  const x = tensor(1);
  expect(() => gelu(x, { approximate: 'erf' } as never)).toThrow(
    /gelu: expected approximate: one of tanh, none/,
  );
  expect(() => leakyRelu(x, { negativeSlopes: 1 } as never)).toThrow(/did you mean negativeSlope/);
  expect(() => elu(x, { alpha: Number.NaN })).toThrow(/elu: expected alpha/);
});
