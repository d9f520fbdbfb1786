export { ExportError } from './export-error.ts';
export { type COptions, type ExportedC, toC } from './to-c.ts';
export { type ExportedScript, type JavaScriptOptions, toJavaScript } from './to-java-script.ts';
export { type ExportedOnnx, type OnnxOptions, toOnnx } from './to-onnx.ts';
export { type ExportedWasm, toWasm, type WasmExportOptions } from './to-wasm.ts';
