export { type Basis, type BasisRequest, type BasisTerm, defineBasis } from './bases/basis.ts';
export { dct2d } from './bases/dct2d.ts';
export {
  type ChainOfMatrix,
  type ErrorBound,
  mpoOf,
  tensorTrainOf,
} from './chain-of-matrix.ts';
export { defineHash } from './define-hash.ts';
export { Formula, type TracedScheme, traceScheme } from './formula.ts';
export {
  type ConvolveOptions,
  type ConvolveTransposedOptions,
  conv1d,
  conv2d,
  convTranspose1d,
  convTranspose2d,
} from './ops/conv.ts';
export {
  type ConvOptions,
  type ConvTransposeOptions,
  virtualConv,
  virtualConvTranspose,
} from './ops/virtual-conv.ts';
export { virtualFold, virtualMatmul } from './ops/virtual-matmul.ts';
export type { VirtualMatrix } from './ops/virtual-matrix.ts';
export { virtualRows } from './ops/virtual-rows.ts';
export {
  type FormulaOptions,
  type Option,
  type OptionRole,
  type OptionSchema,
  type OptionValues,
  structural,
  uniform,
} from './options.ts';
export { hashesRule, type OwnHash } from './own-hash.ts';
export { defineScheme } from './own-scheme.ts';
export {
  type Entry,
  type FitRequest,
  type MatrixShape,
  type RowRequest,
  requestRule,
  type Scheme,
  type SchemeArguments,
  type SchemeDefinition,
  type SchemeFunction,
  type SizeRequest,
  type StoredArray,
  schemesRule,
  type WeightPolicy,
  type WeightRequest,
} from './scheme.ts';
export * from './schemes/index.ts';
export * as schemes from './schemes/index.ts';
export { createWeight, plannedOptions, type WeightOptions } from './weight/create-weight.ts';
export { decodedByPlan, decodedOnce, worthDecoding } from './weight/decoded-once.ts';
export { type ArrayLoad, inspectWeight, type WeightInspection } from './weight/inspect.ts';
export { Parameter, type ParameterOptions, type ParameterRule } from './weight/parameter.ts';
export { type Projection, type ProjectOptions, project } from './weight/project.ts';
export { type RestoreOptions, restoreWeight } from './weight/restore-weight.ts';
export { SharedSpace, type SharedSpaceOptions } from './weight/shared-space.ts';
export { startStep } from './weight/start-step.ts';
export { normalValues, orthonormalRows, uniformValues } from './weight/start-values.ts';
export { Weight, type WeightParts, type WeightSpec } from './weight/weight.ts';
export { inBasis, schemeOfKind } from './wrappers/in-basis.ts';
export { type KnownSchemes, knownSchemes, onlySchemes } from './wrappers/known-schemes.ts';
