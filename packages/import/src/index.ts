export { ImportError, type ImportErrorDetails } from './import-error.ts';
export { importOnnx } from './import-onnx.ts';
export type { ImportOnnxOptions } from './import-options.ts';
export type { ImportedNetwork, ImportedPort } from './onnx-file.ts';
export {
  type ImportedWeights,
  type ImportWeightsOptions,
  importSafetensors,
  importStateDict,
} from './weights/import-weights.ts';
