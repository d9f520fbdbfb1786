import { defineOptimizer } from '../define-optimizer.ts';

/**
 * Lion, steps of one size by the sign of a momentum: c = β₁·m + (1 − β₁)·g, w ← w − lr·(sign c + λ·w),
 * m ← β₂·m + (1 − β₂)·g. Its learning rate is 3 to 10 times smaller than that of AdamW, its decay λ as much larger.
 */
export const lion = defineOptimizer({
  name: 'lion',
  source: 'Chen et al. 2023, arXiv:2302.06675, algorithm 2',
  options: { beta1: 0.9, beta2: 0.99 },
  learningRate: 0.0001,
  decay: 'decoupled',
  slots: () => ['m'],
  hyper: ({ beta1, beta2 }) => ({ decay1: beta1, share1: 1 - beta1, decay2: beta2, share2: 1 - beta2 }),
  update: ({ parameter, gradient, learningRate, slots, hyper }) => {
    const c = hyper.decay1.times(slots.m).plus(hyper.share1.times(gradient));
    const m = hyper.decay2.times(slots.m).plus(hyper.share2.times(gradient));
    return { parameter: parameter.minus(learningRate.times(c.sign())), slots: { m } };
  },
});
