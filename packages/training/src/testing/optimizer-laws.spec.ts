import { multiply } from '@funhash/autodiff';
import type { Real } from '@funhash/formula';
import { LawError } from '@funhash/hashing/testing';
import { expect, test } from 'vitest';
import { defineOptimizer } from '../define-optimizer.ts';
import type { BoundOptimizer, Optimizer, OptimizerOptions, OptimizerState } from '../optimizer.ts';
import { adam } from '../optimizers/adam.ts';
import { adamW } from '../optimizers/adam-w.ts';
import { optimizerLaws } from './optimizer-laws.ts';

/** Gradient descent along a direction that is wrong in some way. */
const along = (direction: (gradient: Real) => Real) =>
  defineOptimizer({
    name: 'wrong',
    source: 'a planted bug',
    options: {},
    learningRate: 0.1,
    decay: 'coupled',
    slots: () => [],
    hyper: () => ({}),
    update: ({ parameter, gradient, learningRate }) => ({
      parameter: parameter.minus(learningRate.times(direction(gradient))),
      slots: {},
    }),
  });

/** Adam whose bound optimiser is wrong in some way. */
const bound =
  (change: (right: BoundOptimizer) => Partial<BoundOptimizer>) =>
  (options: OptimizerOptions): Optimizer => {
    const right = adam(options);
    return {
      ...right,
      create: async (parameters, length) => {
        const optimizer = await right.create(parameters, length);
        const methods: BoundOptimizer = {
          step: 0,
          learningRate: 0,
          update: (gradients) => optimizer.update(gradients),
          state: () => optimizer.state(),
          restore: (state) => optimizer.restore(state),
          dispose: () => optimizer.dispose(),
        };
        return { ...methods, ...change(optimizer) };
      },
    };
  };

const restoring = (change: (state: OptimizerState) => Partial<OptimizerState>) =>
  bound((right) => ({ restore: (state) => right.restore({ ...state, ...change(state) }) }));

const zeroed = ({ slots }: OptimizerState): Partial<OptimizerState> => ({
  slots: new Map([...slots].map(([name, { shape, data }]) => [name, { shape, data: data.map(() => 0) }])),
});

test.each<[bug: string, law: RegExp, create: (options: OptimizerOptions) => Optimizer]>([
  ['climbs', /descends/, along((g) => g.negate())],
  ['ignores scales', /values k times/, ({ relativeStep: _, ...options }) => adam(options)],
  ['ignores the scale of zeros', /start at 0/, ({ relativeStep: _, ...options }) => adam(options)],
  ['drifts', /move nothing/, along((g) => g.plus(1e-9))],
  [
    'never decays',
    /weights decay/,
    ({ weightDecay: _, ...options }) => adamW({ ...options, weightDecay: 0 }),
  ],
  ['decays everything', /weights decay/, ({ noDecay: _, ...options }) => adamW(options)],
  ['forgets the step', /restored state/, restoring(() => ({ step: 0 }))],
  ['forgets the scales', /restored state/, restoring(({ scales }) => ({ scales: scales.map(() => 1) }))],
  ['forgets the slots', /restored state/, restoring(zeroed)],
  ['leaves parameters alone', /in place/, bound(() => ({ update: () => {} }))],
  [
    'depends on places',
    /order of parameters/,
    bound((right) => ({
      update: (gradients) => right.update(gradients.map((g, k) => multiply(g, k - 0.5))),
    })),
  ],
  ['cancels digits', /f32 is f64/, along((g) => g.times(1e-6).plus(1).minus(1).times(1e6))],
  ['drops NaN', /NaN/, along((g) => g.ifPositive(g, g.negate().ifPositive(g, 0)))],
])('an optimiser that %s breaks its law', async (_, wanted, create) => {
  const laws = optimizerLaws(create).filter(({ name }) => wanted.test(name));
  expect(laws).toHaveLength(1);
  const failure = await Promise.resolve(laws[0]?.check()).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Error);
  expect((failure as Error).cause ?? failure).toBeInstanceOf(LawError);
});
