import { pack as packed } from '@funhash/codec/pack';
import { unpackTensors } from '@funhash/codec/unpack';
import { ArgumentError, crc32, random } from '@funhash/hashing';
import { changedBytes } from '../changes/bytes.ts';
import type { Parser } from '../parser.ts';

/** Packs of foreign weights; most of them with a right checksum. */
export const pack: Parser = {
  name: 'pack',
  share: 8,
  samples: async () => {
    const draw = random(2);
    const normal = (length: number) => Float32Array.from({ length }, () => draw.normal());
    return [
      packed({}),
      packed({ w: { dtype: 'F32', shape: [20, 30], data: normal(600) } }),
      packed({
        'a.weight': { dtype: 'F32', shape: [5, 3, 2], data: normal(30) },
        'a.bias': { dtype: 'F64', shape: [5], data: Float64Array.from(normal(5)) },
        steps: { dtype: 'I32', shape: [], data: Int32Array.of(3) },
        none: { dtype: 'F32', shape: [0, 9], data: new Float32Array(0) },
      }),
    ];
  },
  change: (sample, draw) => {
    const changed = changedBytes(sample, draw);
    if (changed.length < 8 || draw.integer(8) === 0) return changed;
    const sum = crc32(changed.subarray(0, changed.length - 4));
    new DataView(changed.buffer, changed.byteOffset).setUint32(changed.length - 4, sum, true);
    return changed;
  },
  read: (input) => {
    try {
      for (const { data, shape } of unpackTensors(input)) {
        const count = shape.reduce((product, extent) => product * extent, 1);
        if (data instanceof Float32Array && data.length !== count) throw new Error('another length');
      }
    } catch (error) {
      // The reader of a page knows no other package, and no base of all errors.
      if (!(error instanceof Error) || error.name !== 'UnpackError') throw error;
      throw new ArgumentError({ operation: 'unpack', expected: 'a pack', actual: error.message });
    }
  },
};
