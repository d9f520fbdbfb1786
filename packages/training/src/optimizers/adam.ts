import { defineOptimizer } from '../define-optimizer.ts';
import type { OptimizerRule } from '../optimizer.ts';

const options = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

type AdamTerm = 'decay1' | 'share1' | 'decay2' | 'share2' | 'epsilon' | 'correction1' | 'correction2';

/** Shared with AdamW, which differs in how weights decay alone. */
export const adamRule: OptimizerRule<typeof options, 'm' | 'v', AdamTerm> = {
  name: 'adam',
  source: 'Kingma and Ba 2015, arXiv:1412.6980, algorithm 1',
  options,
  learningRate: 0.001,
  decay: 'coupled',
  slots: () => ['m', 'v'],
  hyper: ({ beta1, beta2, epsilon }, step) => ({
    decay1: beta1,
    share1: 1 - beta1,
    decay2: beta2,
    share2: 1 - beta2,
    epsilon,
    correction1: 1 / (1 - beta1 ** step),
    correction2: 1 / Math.sqrt(1 - beta2 ** step),
  }),
  update: ({ parameter, gradient, learningRate, slots, hyper }) => {
    const m = hyper.decay1.times(slots.m).plus(hyper.share1.times(gradient));
    const v = hyper.decay2.times(slots.v).plus(hyper.share2.times(gradient).times(gradient));
    const root = v.sqrt().times(hyper.correction2).plus(hyper.epsilon);
    return {
      parameter: parameter.minus(learningRate.times(hyper.correction1).times(m.over(root))),
      slots: { m, v },
    };
  },
};

/** Adam, w ← w − lr·m̂ / (√v̂ + ε), with weight decay as a term of the gradient. */
export const adam = defineOptimizer(adamRule);
