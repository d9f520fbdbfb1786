import type { StoredTensor } from '../container/safetensors.ts';
import type { CodeBits } from './dequantize.ts';
import { packCodes } from './pack-codes.ts';
import { quantize } from './quantize.ts';
import type { Quantization } from './quantized-tensor.ts';

/** Values of a shape as a tensor of bytes, and what the file must say about it. */
export function packTensor(
  shape: readonly number[],
  data: Float32Array | Float64Array,
  bits: CodeBits,
): { tensor: StoredTensor; quantization: Quantization } {
  const { codes, scale } = quantize(data, bits);
  const packed = packCodes(codes, bits);
  return {
    tensor: { dtype: 'U8', shape: [packed.length], data: packed },
    quantization: { bits, scale, shape },
  };
}
