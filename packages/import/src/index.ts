export { ImportError, type ImportErrorDetails } from './import-error.ts';
export {
  type ImportedNetwork,
  type ImportedPort,
  type ImportOnnxOptions,
  importOnnx,
} from './import-onnx.ts';
