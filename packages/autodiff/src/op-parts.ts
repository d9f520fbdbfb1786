// What packages that build ops and schemes need beside the ops themselves: it may change where the index does not.
// A user's own op needs none of it: `elementwise`, `customGradient` and `recompute` are in the index.

export { batchProduct } from './ops/matmul.ts';
// Activations without options: what layers call by name.
export { elu as plainElu, gelu as plainGelu, leakyRelu as plainLeakyRelu } from './ops/pointwise.ts';
export { perAxis, planWindows, type WindowPlan } from './ops/window-plan.ts';
export { piecesOf, windowsOf } from './ops/windows.ts';
export { binarized } from './quantizers/binarize.ts';
export { learnedLevel, learnedStep, levelsOf } from './quantizers/learned-step.ts';
export { nearestPowerOfTwo } from './quantizers/power-of-two.ts';
export { stochasticallyBinarized } from './quantizers/stochastic-binarize.ts';
export { isRecording, record, recorded, withoutTape } from './tape.ts';
