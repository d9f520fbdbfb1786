import { grad } from '@funhash/autodiff';
import { scope, tensor } from '@funhash/tensor';
import { expect, test } from 'vitest';
import fixtures from './losses.fixtures.json' with { type: 'json' };
import {
  binaryCrossEntropyWithLogits,
  huber,
  type LossOptions,
  meanSquaredError,
  squaredHinge,
} from './losses.ts';

const losses = {
  meanSquaredError,
  binaryCrossEntropyWithLogits,
  huber,
  huberWide: (...[y, t, options]: Parameters<typeof huber>) => huber(y, t, { ...options, delta: 2.5 }),
  squaredHinge,
};
const f64 = { dtype: 'f64' } as const;
const outputs = () => tensor(fixtures.outputs, undefined, f64);

test.each(fixtures.cases)(
  '$name is that of PyTorch, value and gradient',
  ({ name, targets, gradient, ...expected }) => {
    const loss = losses[name as keyof typeof losses];
    scope(() => {
      const t = tensor(targets, undefined, f64);
      for (const reduction of ['mean', 'sum', 'none'] as const) {
        const options: LossOptions = { reduction };
        const actual = loss(outputs(), t, options).dataSync();
        const wanted = [expected[reduction]].flat(2);
        expect(actual.length).toBe(wanted.length);
        wanted.forEach((value, k) => {
          expect(actual[k]).toBeCloseTo(value, 11);
        });
      }
      const dY = grad((y: ReturnType<typeof outputs>) => loss(y, t))(outputs()).dataSync();
      gradient.flat().forEach((value, k) => {
        expect(dY[k]).toBeCloseTo(value, 11);
      });
    });
  },
);

test('squaredHinge takes labels as one class against each other', () => {
  const signs = fixtures.cases.find(({ name }) => name === 'squaredHinge')?.targets as number[][];
  scope(() => {
    const labels = tensor(Int32Array.from(fixtures.labels));
    const expected = squaredHinge(outputs(), tensor(signs, undefined, f64)).item();
    expect(squaredHinge(outputs(), labels).item()).toBe(expected);
  });
});

test('shapes that would broadcast are refused', () => {
  for (const loss of Object.values(losses))
    expect(() => scope(() => loss(tensor([[1], [2]]), tensor([1, 2])))).toThrow(
      /outputs and targets of one shape/,
    );
});
