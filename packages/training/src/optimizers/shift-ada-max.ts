import { nearestPowerOfTwo } from '@funhash/autodiff/op-parts';
import { defineOptimizer } from '../define-optimizer.ts';

/**
 * AdaMax by shifts: w ← w − AP2(lr / (1 − β₁ᵗ)) · m · AP2(1 / v) with v ← max(β₂·v, |g|), where AP2 is the nearest power
 * of two by its logarithm. The defaults are powers of two as well: lr = 2^-10, 1 − β₁ = 2^-3, 1 − β₂ = 2^-10.
 */
export const shiftAdaMax = defineOptimizer({
  name: 'shiftAdaMax',
  source: 'Courbariaux et al. 2016, arXiv:1602.02830, algorithm 3',
  options: { beta1: 1 - 2 ** -3, beta2: 1 - 2 ** -10 },
  learningRate: 2 ** -10,
  decay: 'coupled',
  slots: () => ['m', 'v'],
  hyper: ({ beta1, beta2 }, step) => ({
    decay1: beta1,
    share1: 1 - beta1,
    decay2: beta2,
    correction: 1 / (1 - beta1 ** step),
  }),
  update: ({ parameter, gradient, learningRate, slots, hyper }) => {
    const m = hyper.decay1.times(slots.m).plus(hyper.share1.times(gradient));
    const v = hyper.decay2.times(slots.v).maximum(gradient.abs());
    const size = nearestPowerOfTwo(learningRate.times(hyper.correction));
    // Of v = 0 it is the largest power, and m is 0.
    return {
      parameter: parameter.minus(size.times(m.times(nearestPowerOfTwo(v.inverse())))),
      slots: { m, v },
    };
  },
});
