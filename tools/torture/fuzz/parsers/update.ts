import type { ModelTensor } from '@funhash/codec';
import { applyUpdate, encodeUpdate, inspectUpdate } from '@funhash/codec/update';
import { crc32, random } from '@funhash/hashing';
import { changedBytes } from '../changes/bytes.ts';
import type { Parser } from '../parser.ts';

const draw = random(3);
const normal = (length: number) => Float32Array.from({ length }, () => draw.normal());
const base: Readonly<Record<string, ModelTensor>> = {
  'a.bias': { shape: [9], data: normal(9) },
  'a.weight': { shape: [20, 30], data: normal(600) },
  mask: { shape: [2], data: Int32Array.of(1, 2) },
  none: { shape: [0, 4], data: new Float32Array(0) },
  wide: { shape: [5], data: Float64Array.from(normal(5)) },
};
const tuned = Object.fromEntries(
  Object.entries(base).map(([name, { shape, data }]) => [
    name,
    {
      shape,
      data: data instanceof Int32Array ? data : data.map((x) => x + (draw.integer(4) === 0 ? 0.5 : 0)),
    },
  ]),
) as Record<string, ModelTensor>;

/** Updates of one base; most of them with a right checksum. */
export const update: Parser = {
  name: 'update',
  share: 8,
  samples: async () =>
    [{}, { dependent: true }, { absolute: true, step: 2 }, { lambda: 0, step: 1e-3 }].map((options) =>
      encodeUpdate(base, tuned, options),
    ),
  change: (sample, by) => {
    const changed = changedBytes(sample, by);
    if (changed.length < 12 || by.integer(8) === 0) return changed;
    const end = changed.length - 4;
    new DataView(changed.buffer, changed.byteOffset).setUint32(end, crc32(changed.subarray(0, end)), true);
    return changed;
  },
  read: (input) => {
    inspectUpdate(input);
    for (const [name, { data }] of applyUpdate(base, input)) {
      if (data.length !== base[name]?.data.length) throw new Error('another length');
      if (data.some((x) => !Number.isFinite(x))) throw new Error('a value that is not finite');
    }
  },
};
