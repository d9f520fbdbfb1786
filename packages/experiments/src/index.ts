export { type Arm, armKinds, armOf, stepOf } from './comparison/arms.ts';
export { type DataConfig, drawSplits, loadImages, splitCounts } from './data/image-data.ts';
export { type TrainingData, type TrainingDataConfig, trainingData } from './data/training-data.ts';
export { SpecError } from './errors.ts';
export { type WorkerMessage, workerPool } from './executors/worker-pool.ts';
export { buildNet, type NetConfig } from './nets/build-net.ts';
export { isBinary, modelNames, type NetShape, placesOf, shapeOf } from './nets/model-kinds.ts';
export { requireFilters, schemeAt } from './nets/scheme-at.ts';
export {
  formatRatio,
  parseRatio,
  parseScheme,
  quantizerOf,
  splitSchemes,
  weightRequest,
} from './nets/scheme-text.ts';
export { chooseBackend } from './training/backend.ts';
export { type OptimizerConfig, optimizerNames, optimizerOf } from './training/optimizer.ts';
