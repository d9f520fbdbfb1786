export { customGradient, grad, gradientsOf, stopGradient, type TensorTree, valueAndGrad } from './grad.ts';
export { type GradCheckOptions, GradientError, gradCheck } from './grad-check.ts';
export {
  type EluOptions,
  elu,
  type GeluOptions,
  gelu,
  hardSigmoid,
  hardSwish,
  hardTanh,
  type LeakyReluOptions,
  leakyRelu,
} from './ops/activations.ts';
export { type AttentionOptions, scaledDotProductAttention } from './ops/attention.ts';
export { type CumsumOptions, cumsum } from './ops/cumsum.ts';
export { einsum } from './ops/einsum.ts';
export { erf, erfc } from './ops/erf.ts';
export { type FlipOptions, flip } from './ops/flip.ts';
export {
  type AlongAxisOptions,
  type GatherOptions,
  gather,
  takeAlongAxis,
} from './ops/gather.ts';
export { cast, oneHot } from './ops/index-ops.ts';
export {
  type LstmGates,
  type LstmState,
  lstmCell,
  lstmGates,
} from './ops/lstm-cell.ts';
export { type MatmulOptions, matmul } from './ops/matmul.ts';
export { type NormOfOptions, norm } from './ops/norm.ts';
export {
  batchNorm,
  layerNorm,
  type NormalizedBatch,
  type NormOptions,
  shiftBatchNorm,
} from './ops/normalization.ts';
export { type PadModeOptions, pad } from './ops/pad.ts';
export * from './ops/pointwise.ts';
export {
  type AveragePoolOptions,
  averagePool,
  globalAveragePool,
  globalMaxPool,
  maxPool,
  type PoolOptions,
} from './ops/pooling.ts';
export { power } from './ops/power.ts';
export { prod } from './ops/prod.ts';
export {
  type BernoulliOptions,
  type RandomOptions,
  randomBernoulli,
  randomNormal,
  randomUniform,
} from './ops/random.ts';
export { type ArgOptions, argMax, argMin, max, mean, min, sum } from './ops/reduce.ts';
export type { ReduceOptions } from './ops/reduction.ts';
export { indexAdd, type ScatterOptions, scatterAdd } from './ops/scatter-add.ts';
export { type SliceRange, slice } from './ops/slice.ts';
export {
  type CrossEntropyOptions,
  logSoftmax,
  logSumExp,
  type SoftmaxOptions,
  softmax,
  softmaxCrossEntropy,
} from './ops/softmax.ts';
export { argSort, type SortOptions, sort, type TopK, type TopKOptions, topK } from './ops/sort.ts';
export { standardDeviation, type VarianceOptions, variance } from './ops/statistics.ts';
export { type RepeatOptions, repeat, tile } from './ops/tile.ts';
export { type TriangleOptions, tril, triu } from './ops/triangles.ts';
export { upsampleBilinear, upsampleNearest } from './ops/upsample.ts';
export {
  broadcastTo,
  concat,
  expandDims,
  flatten,
  reshape,
  split,
  squeeze,
  stack,
  sumTo,
  transpose,
  unstack,
} from './ops/views.ts';
export type { PaddedWindowOptions, Padding, PerAxis, WindowOptions } from './ops/window-plan.ts';
export { overlapAdd, windows } from './ops/windows.ts';
export { binarize } from './quantizers/binarize.ts';
export { byteLevels } from './quantizers/byte-levels.ts';
export { type Levels, quantize } from './quantizers/learned-step.ts';
export { powerOfTwo } from './quantizers/power-of-two.ts';
export { stochasticBinarize } from './quantizers/stochastic-binarize.ts';
export { recompute } from './recompute.ts';
