import { encodeIdx, parseIdx } from '@funhash/datasets';
import { changedIdx } from '../changes/idx.ts';
import type { Parser } from '../parser.ts';

export const idx: Parser = {
  name: 'idx',
  share: 12,
  samples: async () => [
    encodeIdx({ dtype: 'u8', shape: [2, 4, 4], data: Uint8Array.from({ length: 32 }, (_, k) => k) }),
    encodeIdx({ dtype: 'i8', shape: [3], data: Int8Array.of(-1, 0, 1) }),
    encodeIdx({ dtype: 'i16', shape: [1, 2, 3], data: Int16Array.of(1, 2, 3, 4, 5, -6) }),
    encodeIdx({ dtype: 'i32', shape: [2, 2], data: Int32Array.of(1, 2, 3, 4) }),
    encodeIdx({ dtype: 'f32', shape: [4], data: Float32Array.of(1, 2, Number.NaN, 4) }),
    encodeIdx({ dtype: 'f64', shape: [1, 1, 1, 1, 1, 1, 1, 2], data: Float64Array.of(1, 2) }),
  ],
  change: changedIdx,
  read: (input) => void parseIdx(input),
};
