import { defineOptimizer } from '../define-optimizer.ts';
import { adamRule } from './adam.ts';

/**
 * Adam with decoupled weight decay: w ← (1 − lr·λ)·w before the step of Adam. With relative steps lr·λ stays free of
 * the tensor's scale.
 */
export const adamW = defineOptimizer({
  ...adamRule,
  name: 'adamW',
  source: 'Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2, with η·λ for λ as in PyTorch',
  weightDecay: 0.01,
  decay: 'decoupled',
});
