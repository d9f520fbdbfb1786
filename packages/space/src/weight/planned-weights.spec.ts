import { gradientsOf, multiply, sum } from '@funhash/autodiff';
import { bindPlan, planOf, scope, type Tensor, tensor } from '@funhash/tensor';
import { expect, test } from 'vitest';
import { hashedNet } from '../schemes/index.ts';
import { createWeight } from './create-weight.ts';
import type { Weight } from './weight.ts';

const shape = { rows: 4, cols: 5 };
const x = () =>
  tensor(
    Float32Array.from({ length: 10 }, (_, k) => Math.sin(k + 1)),
    [2, 5],
  );

function changeValues(weight: Weight): void {
  for (const parameter of weight.parameters) scope(() => parameter.assign(multiply(parameter.value, 2)));
}

const decodes = ({ calls }: { readonly calls: readonly { readonly kernel: string }[] }): number =>
  calls.filter(({ kernel }) => kernel === 'virtualRows').length;

test('a plan decodes a weight of policy step once a run, though it was decoded before', () => {
  const weight = createWeight(hashedNet({ values: 20, policy: 'step' }), shape);
  const input = x();
  const values = weight.parameters.map(({ value }) => value);
  const body = (): { y: Tensor; g: Tensor } => {
    const y = weight.matmul(input);
    const [, [g]] = gradientsOf(() => sum(weight.matmul(input)), values);
    return { y, g: g as Tensor };
  };
  weight.matmul(input);
  const recorded = planOf(body);
  expect(decodes(recorded.plan)).toBe(1);
  const bound = bindPlan(recorded);
  changeValues(weight);
  bound.run();
  expect(bound.readSync('y')).toEqual(body().y.dataSync());
  expect(bound.readSync('g')).toEqual(body().g.dataSync());
  bound.dispose();
});

test('a plan of a frozen weight decodes nothing, and is out of date once its values change', () => {
  const weight = createWeight(hashedNet({ values: 20, policy: 'frozen' }), shape);
  const input = x();
  const recorded = planOf(() => ({ y: weight.matmul(input) }));
  expect(decodes(recorded.plan)).toBe(0);
  const bound = bindPlan(recorded);
  bound.run();
  expect(bound.readSync('y')).toEqual(weight.matmul(input).dataSync());
  changeValues(weight);
  expect(bound.isCurrent).toBe(false);
  expect(() => bound.run()).toThrow('has changed after it was decoded');
  bound.dispose();
});
