export { ImportError, type ImportErrorDetails } from './import-error.ts';
export {
  type ImportedNetwork,
  type ImportedPort,
  type ImportOnnxOptions,
  importOnnx,
} from './import-onnx.ts';
export {
  type ImportedWeights,
  type ImportWeightsOptions,
  importSafetensors,
  importStateDict,
} from './weights/import-weights.ts';
