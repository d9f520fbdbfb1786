export * from '@funhash/autodiff';
export type { Real, Word } from '@funhash/formula';
export { ArgumentError, FunhashError, type Random, random } from '@funhash/hashing';
// What users of layers need beside them, so that one package is enough to build, train and save.
export {
  createWeight,
  dct2d,
  defineScheme,
  inBasis,
  inspectWeight,
  mpoOf,
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
// Ahead of the makers of pointwise ops of these names, which are in @funhash/autodiff.
export { binary, ternary } from '@funhash/space/schemes';
export { keep, memory, ShapeError, scope, Tensor, tensor, useBackend } from '@funhash/tensor';
export { type ActivationName, activations } from './activations.ts';
export type { AveragePool2dOptions } from './average-pool2d.ts';
export type { BatchNormOptions } from './batch-norm.ts';
export {
  type Compression,
  type CompressOptions,
  compress,
  type PlacedWeight,
  placedWeights,
} from './compress.ts';
export type { CompressedWeight, CompressionReport, CompressionScores } from './compression-report.ts';
export type { ConvTranspose2dOptions } from './conv-transpose2d.ts';
export type { Conv1dOptions } from './conv1d.ts';
export type { Conv2dOptions } from './conv2d.ts';
export type { ConvolutionOptions, SpatialOptions } from './convolution.ts';
export type { DenseOptions } from './dense.ts';
export type { DepthwiseConv2dOptions } from './depthwise-conv2d.ts';
export type { DropoutOptions } from './dropout.ts';
export type { EmbeddingOptions } from './embedding.ts';
export { foldBatchNorm } from './fold-batch-norm.ts';
export { Functional } from './functional.ts';
export type { Layer, Model, Pass } from './layer.ts';
export * from './layer-classes.ts';
export type { LayerNormOptions } from './layer-norm.ts';
export type { LayerClass, LayerReader } from './layer-reader.ts';
export { load, loadInto, ModelFileError } from './load.ts';
export { loadOnly } from './load-only.ts';
export type { LstmOptions, LstmTrace } from './lstm.ts';
export type { MaxPool2dOptions } from './max-pool2d.ts';
export { type LayerSpec, Module, type SaveOptions } from './module.ts';
export type { NormalizationOptions } from './normalization.ts';
export type { PadOptions } from './pad.ts';
export type { QuantizeOptions } from './quantize.ts';
export type { LoadOptions } from './read-model.ts';
export type { ReshapeOptions } from './reshape.ts';
export type { ResidualOptions } from './residual.ts';
export type { SequentialOptions } from './sequential.ts';
export type { Summary, SummaryPart, SummaryRow } from './summary.ts';
export type { UpsampleOptions } from './upsample.ts';
export type { WeightedOptions } from './weighted.ts';
