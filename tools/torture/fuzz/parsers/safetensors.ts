import { decodeSafetensors, encodeSafetensors } from '@funhash/codec';
import { changedModelFile } from '../changes/model-file.ts';
import type { Parser } from '../parser.ts';

/** Files of any program: no description, no checksum. */
export const safetensors: Parser = {
  name: 'safetensors',
  share: 12,
  samples: async () => [
    encodeSafetensors({
      w: { dtype: 'F32', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
      'layers.1.bias': { dtype: 'F64', shape: [2], data: Float64Array.of(1, 2) },
      bits: { dtype: 'U8', shape: [5], data: Uint8Array.of(1, 2, 3, 4, 5) },
      half: { dtype: 'F16', shape: [2], data: Uint16Array.of(1, 2) },
      brain: { dtype: 'BF16', shape: [1, 2], data: Uint16Array.of(1, 2) },
      empty: { dtype: 'I32', shape: [0, 4], data: new Int32Array(0) },
    }),
    encodeSafetensors({ scalar: { dtype: 'F32', shape: [], data: Float32Array.of(1) } }, { note: 'é"\n' }),
    encodeSafetensors({}, { only: 'metadata' }),
  ],
  change: changedModelFile,
  read: (input) => {
    const { tensors } = decodeSafetensors(input);
    for (const { shape, data } of tensors.values())
      if (data.length !== shape.reduce((product, extent) => product * extent, 1))
        throw new Error('another length');
  },
};
