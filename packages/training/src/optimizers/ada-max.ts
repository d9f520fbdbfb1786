import { defineOptimizer } from '../define-optimizer.ts';

/** AdaMax, w ← w − lr/(1 − β₁ᵗ) · m/u with u ← max(β₂·u, |g| + ε), as PyTorch has it. */
export const adaMax = defineOptimizer({
  name: 'adaMax',
  source: 'Kingma and Ba 2015, arXiv:1412.6980, algorithm 2',
  options: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  learningRate: 0.002,
  decay: 'coupled',
  slots: () => ['m', 'u'],
  hyper: ({ beta1, beta2, epsilon }, step) => ({
    decay1: beta1,
    share1: 1 - beta1,
    decay2: beta2,
    epsilon,
    correction: 1 / (1 - beta1 ** step),
  }),
  update: ({ parameter, gradient, learningRate, slots, hyper }) => {
    const m = hyper.decay1.times(slots.m).plus(hyper.share1.times(gradient));
    const u = hyper.decay2.times(slots.u).maximum(gradient.abs().plus(hyper.epsilon));
    return {
      parameter: parameter.minus(learningRate.times(hyper.correction).times(m.over(u))),
      slots: { m, u },
    };
  },
});
