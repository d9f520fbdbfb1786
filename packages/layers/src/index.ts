export * from '@funhash/autodiff';
export { ModelFileError } from '@funhash/codec';
export type { Real, Word } from '@funhash/formula';
export { ArgumentError, FunhashError, type Random, random } from '@funhash/hashing';
// What users of layers need beside them, so that one package is enough to build, train and save.
export {
  createWeight,
  dct2d,
  defineScheme,
  inBasis,
  inspectWeight,
  Parameter,
  project,
  SharedSpace,
  structural,
  uniform,
  Weight,
  type WeightPolicy,
  type WeightRequest,
} from '@funhash/space';
export * from '@funhash/space/schemes';
export { keep, memory, ShapeError, scope, Tensor, tensor, useBackend } from '@funhash/tensor';
export { type ActivationName, activations } from './activations.ts';
export type { DenseOptions } from './dense.ts';
export type { DropoutOptions } from './dropout.ts';
export { Functional } from './functional.ts';
export type { Layer, Model, Pass } from './layer.ts';
export * from './layer-classes.ts';
export type { LayerClass, LayerReader } from './layer-reader.ts';
export { type LoadOptions, load, loadInto } from './load.ts';
export { type LayerSpec, Module, type SaveOptions } from './module.ts';
export type { SequentialOptions } from './sequential.ts';
export type { Summary, SummaryPart, SummaryRow } from './summary.ts';
