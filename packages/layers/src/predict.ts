// What pages load that only predict: no layers, schemes, gradients or compiler of kernels come along.

export { UnpackError } from '@funhash/codec/unpack';
export { PlanError } from '@funhash/tensor';
export { readCompiledPredictor } from './predict/compiled.ts';
export { readPlainPredictor } from './predict/plain.ts';
export { type PredictedArray, Predictor } from './predict/predictor.ts';
export type { ReadPredictorOptions } from './predict/predictor-file.ts';
export { readPredictor } from './predict/read-predictor.ts';
