export { customGradient, grad, gradientsOf, stopGradient, type TensorTree, valueAndGrad } from './grad.ts';
export { type GradCheckOptions, GradientError, gradCheck } from './grad-check.ts';
export { cast, gather, oneHot, scatterAdd } from './ops/index-ops.ts';
export { type MatmulOptions, matmul } from './ops/matmul.ts';
export * from './ops/pointwise.ts';
export { power } from './ops/power.ts';
export { type RandomOptions, randomBernoulli, randomNormal, randomUniform } from './ops/random.ts';
export { argMax, max, mean, min, type ReduceOptions, sum } from './ops/reduce.ts';
export {
  type CrossEntropyOptions,
  logSoftmax,
  logSumExp,
  softmax,
  softmaxCrossEntropy,
} from './ops/softmax.ts';
export {
  broadcastTo,
  concat,
  expandDims,
  flatten,
  pad,
  reshape,
  slice,
  split,
  squeeze,
  stack,
  sumTo,
  transpose,
  unstack,
} from './ops/views.ts';
export { isRecording, record, recorded, type Vjp, withoutTape } from './tape.ts';
