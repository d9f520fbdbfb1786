import { checkOptions, type OptionsOf, option } from '@funhash/hashing';
import type { Optimizer } from './optimizer.ts';
import { adam } from './optimizers/adam.ts';
import { type Schedule, warmupCosine } from './schedules.ts';

export const recipeRules = {
  /**
   * Learning rate in units of each tensor's scale. Default 0.27, for hashed values; in runs of a thousand steps and more
   * 0.1 suits dense weights and those that are contracted (low rank, tensor trains, Kronecker products).
   */
  rho: option.real({ least: 0 }),
  /** Steps of the run. Default: as fit counts them. */
  steps: option.positive(),
};

/** Options of `recipe`. */
export type RecipeOptions = OptionsOf<typeof recipeRules>;

/** Fields of a configuration of `fit`. */
export interface Recipe {
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  readonly batchSize: number;
}

/**
 * The configuration that trained every scheme well, and what `fit` does when told nothing else:
 * `fit({ model, data, epochs, ...recipe({ rho: 0.1 }) })`. Adam (0.9, 0.999, 1e-8) with steps relative to the scale of
 * each tensor, warm-up over 60 steps (a twentieth of runs below 1200), a cosine to 0, batches of 100. The step size has
 * more effect than anything else: on MNIST at ratio 1/64 the habitual 0.001 costs 1 to 2 points of error against
 * rho 0.27, and 0.13 to 0.5 are as good.
 *
 * A tensor gets no further than about rho · steps / 2 times its scale, of a bias 0.03: for a few hundred steps towards
 * numbers take `adam({ learningRate: 0.1 })` instead.
 */
export function recipe(options: RecipeOptions = {}): Recipe {
  checkOptions('recipe', recipeRules, options);
  const { rho = 0.27, steps } = options;
  return {
    optimizer: adam({ learningRate: rho, relativeStep: true }),
    schedule: warmupCosine(steps === undefined ? {} : { steps }),
    batchSize: 100,
  };
}
