// All parsers that are fuzzed: each gets its share of the inputs.

export { checkpoint } from './checkpoint.ts';
export { codebook, codeword } from './codeword.ts';
export { compact } from './compact.ts';
export { config } from './config.ts';
export { foreignSafetensors, onnx, stateDict } from './foreign.ts';
export { gzip } from './gzip.ts';
export { idx } from './idx.ts';
export { idxFolder } from './idx-folder.ts';
export { inspected } from './inspected.ts';
export { jpeg } from './jpeg.ts';
export { model } from './model.ts';
export { pack } from './pack.ts';
export { packedSigns } from './packed-signs.ts';
export { picture } from './picture.ts';
export { png } from './png.ts';
export { predictIdx, predictJson, predictPng } from './predict.ts';
export { resumed } from './resumed.ts';
export { runFolder } from './run-folder.ts';
export { safetensors } from './safetensors.ts';
export { scheme } from './scheme.ts';
export { spec } from './spec.ts';
export { tar } from './tar.ts';
export { update } from './update.ts';
