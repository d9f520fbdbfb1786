import type { Real } from '@funhash/formula';
import { checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { requireTensor, type Tensor } from '@funhash/tensor';
import { seedOption } from '../ops/option-rules.ts';
import { elementwise } from '../ops/pointwise.ts';
import { randomUniform } from '../ops/random.ts';
import { hardTanh } from './binarize.ts';

/**
 * +1 with the probability (x + 1) / 2 kept within 0 and 1, else −1, where `u` is uniform in [0, 1); the gradient is that
 * of the hard tanh. The statement of `stochasticBinarize` as weight formulas take it.
 */
export function stochasticallyBinarized(x: Real, u: Real): Real {
  return x.minus(u.times(2).minus(1)).ifPositive(1, -1).withGradientOf(hardTanh(x));
}

const rules = {
  /** A whole number, of which 32 bits count: the same one gives the same signs on every backend. */
  seed: option.required(seedOption()),
};

const draw = elementwise('stochasticBinarize', stochasticallyBinarized);

/**
 * Stochastic binarisation with the straight-through estimator (Courbariaux et al. 2016, arXiv:1602.02830, eq. 2 to 4):
 * +1 with the probability of the hard sigmoid, (x + 1) / 2 kept within 0 and 1, else −1. The cotangent passes where
 * |x| ≤ 1 and is 0 elsewhere.
 *
 * @throws OptionError for an unknown option; ArgumentError without a seed
 */
export function stochasticBinarize(x: Tensor, options: OptionsOf<typeof rules>): Tensor {
  requireTensor('stochasticBinarize', x);
  checkOptions('stochasticBinarize', rules, options);
  return draw(x, randomUniform(x.shape, { seed: options.seed, like: x }));
}
