import { defineOptimizer } from '../define-optimizer.ts';

/**
 * Stochastic gradient descent with momentum, in PyTorch's form: b ← μ·b + (1 − dampening)·g, where the first b is g,
 * and w ← w − lr·b; with Nesterov's momentum w ← w − lr·(g + μ·b).
 *
 * A relative step is lr · scale · gradient; the recipe for hashed values is momentum 0.9 with a plain 0.1.
 */
export const sgd = defineOptimizer({
  name: 'sgd',
  source:
    'Sutskever et al. 2013, “On the importance of initialization and momentum in deep learning”, eq. 1–4',
  options: { momentum: 0, dampening: 0, nesterov: false as boolean },
  learningRate: 0.01,
  usual: { momentum: 0.9 },
  decay: 'coupled',
  slots: ({ momentum }) => (momentum === 0 ? [] : ['b' as const]),
  hyper: ({ momentum, dampening }, step) => ({ momentum, share: step === 1 ? 1 : 1 - dampening }),
  update: ({ parameter, gradient, learningRate, slots, hyper }, { momentum, nesterov }) => {
    if (momentum === 0) return { parameter: parameter.minus(learningRate.times(gradient)), slots: {} };
    const b = hyper.momentum.times(slots.b).plus(hyper.share.times(gradient));
    const direction = nesterov ? gradient.plus(hyper.momentum.times(b)) : b;
    return { parameter: parameter.minus(learningRate.times(direction)), slots: { b } };
  },
});
