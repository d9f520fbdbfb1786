import { defineOptimizer } from '../define-optimizer.ts';

/**
 * RMSprop in PyTorch's form: v ← α·v + (1 − α)·g², d = g / (√v + ε), w ← w − lr·d; `centered` takes the variance
 * v − ḡ² for v, and momentum b ← μ·b + d steps along b.
 */
export const rmsprop = defineOptimizer({
  name: 'rmsprop',
  source: 'Tieleman and Hinton 2012, lecture 6.5; centred: Graves 2013, arXiv:1308.0850, eq. 38–45',
  options: { alpha: 0.99, epsilon: 1e-8, momentum: 0, centered: false as boolean },
  learningRate: 0.01,
  decay: 'coupled',
  slots: ({ momentum, centered }) => [
    'v' as const,
    ...(centered ? ['mean' as const] : []),
    ...(momentum === 0 ? [] : ['b' as const]),
  ],
  hyper: ({ alpha, epsilon, momentum }) => ({ alpha, share: 1 - alpha, epsilon, momentum }),
  update: ({ parameter, gradient, learningRate, slots, hyper }, { momentum, centered }) => {
    const v = hyper.alpha.times(slots.v).plus(hyper.share.times(gradient).times(gradient));
    const mean = centered ? hyper.alpha.times(slots.mean).plus(hyper.share.times(gradient)) : undefined;
    // Rounding can take a variance below 0.
    const spread = mean ? v.minus(mean.times(mean)).maximum(0) : v;
    const d = gradient.over(spread.sqrt().plus(hyper.epsilon));
    const b = momentum === 0 ? d : hyper.momentum.times(slots.b).plus(d);
    return { parameter: parameter.minus(learningRate.times(b)), slots: { v, b, ...(mean && { mean }) } };
  },
});
