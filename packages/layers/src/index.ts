export * from '@funhash/autodiff';
export { compactReader } from '@funhash/codec/read';
export { compact } from '@funhash/codec/write';
export type { Real, Word } from '@funhash/formula';
export { ArgumentError, FunhashError, type Random, random } from '@funhash/hashing';
// What users of layers need beside them, so that one package is enough to build, train and save.
export {
  type ConvolveOptions,
  type ConvolveTransposedOptions,
  conv1d,
  conv2d,
  convTranspose1d,
  convTranspose2d,
  createWeight,
  dct2d,
  defineHash,
  defineScheme,
  inBasis,
  inspectWeight,
  mpoOf,
  type OwnHash,
  Parameter,
  project,
  SharedSpace,
  structural,
  tensorTrainOf,
  uniform,
  Weight,
  type WeightPolicy,
  type WeightRequest,
} from '@funhash/space';
export * from '@funhash/space/schemes';
export { keep, memory, ShapeError, scope, Tensor, tensor } from '@funhash/tensor';
// With it come the types of `useBackend('wasm', { threads })`.
export type { WasmBackend } from '@funhash/wasm';
export { type ActivationName, activations } from './activations.ts';
export {
  type Compression,
  type CompressOptions,
  compress,
  type PlacedWeight,
  placedWeights,
} from './compression/compress.ts';
export type {
  CompressedWeight,
  CompressionReport,
  CompressionScores,
} from './compression/compression-report.ts';
export { foldBatchNorm } from './compression/fold-batch-norm.ts';
export { Composite, type ContainerOptions } from './containers/composite.ts';
export type { DensePart } from './containers/dense-parts.ts';
export { Functional } from './containers/functional.ts';
export * from './layer-classes.ts';
export {
  type LayerOption,
  type LayerOptions,
  type LayerSource,
  layerOption,
  startOptions,
} from './layer-options.ts';
export type { LayerClass, LayerReader } from './model-file/layer-reader.ts';
export { load, loadInto, ModelFileError } from './model-file/load.ts';
export { loadOnly } from './model-file/load-only.ts';
export type { SaveOptions } from './model-file/model-bytes.ts';
export type { LoadOptions } from './model-file/read-model.ts';
export { type LayerSpec, Module, type ModuleClass } from './module.ts';
export type { NormalizationOptions } from './normalization/normalization.ts';
export type { OwnValues, OwnValuesOptions } from './owned.ts';
export { type Model, moveBuffer, type Pass, trace } from './pass.ts';
export {
  Recurrent,
  type RecurrentOptions,
  type RecurrentState,
  recurrentOptions,
  type StepSums,
} from './recurrent/recurrent.ts';
export { repeats } from './repeats.ts';
export type { Signature } from './signature.ts';
export type { ConvolutionOptions, SpatialOptions } from './spatial/convolution.ts';
export { StagedBuffers } from './staged-buffers.ts';
export type { Step } from './steps.ts';
export type { Summary, SummaryPart, SummaryRow } from './summary.ts';
export { useBackend } from './use-backend.ts';
export { Weighted, type WeightedOptions, type WeightedShape, weightedOptions } from './weighted.ts';
