import { decodeModel, type JsonValue } from '@funhash/codec';
import { crc32 } from '@funhash/hashing';
import { compact as container, load } from '@funhash/layers';
import { changedBytes } from '../changes/bytes.ts';
import { oneIn } from '../draw.ts';
import type { Parser } from '../parser.ts';
import { modelFiles, sampleModels } from '../sample-models.ts';

const headBytes = 8;

/** Compact files: damaged codes with a right checksum, and files of descriptions and tensors that do not fit each other. */
export const compact: Parser = {
  name: 'compact',
  share: 8,
  samples: async () =>
    (await modelFiles(sampleModels()))
      .filter((file) => file[0] !== 0x1f)
      .map((file) => container.encode({ ...decodeModel(file), storeAs: 'coded' })),
  change: (sample, draw) => {
    if (oneIn(draw, 8)) return changedBytes(sample, draw);
    if (oneIn(draw, 3)) {
      const { spec, tensors } = container.decode(sample);
      const kept = [...tensors].filter(() => !oneIn(draw, 6));
      const text = JSON.stringify(spec).replace(/\d+/g, (digits) =>
        oneIn(draw, 20) ? String(draw.integer(70_000)) : digits,
      );
      return container.encode({
        spec: JSON.parse(text) as JsonValue,
        tensors: new Map(kept),
        storeAs: 'coded',
      });
    }
    // Late bytes more often: what is behind the description.
    const from = headBytes + Math.floor((sample.length - headBytes) * Math.sqrt(draw.uniform()));
    const changed = changedBytes(sample.subarray(from), draw);
    const file = new Uint8Array(from + changed.length);
    file.set(sample.subarray(0, from));
    file.set(changed, from);
    new DataView(file.buffer).setUint32(4, crc32(file.subarray(headBytes)), true);
    return file;
  },
  read: async (input) => {
    const net = await load(input);
    String(net.summary());
    if (input.length % 4 === 0) await load(await net.toBytes({ compact: container }));
  },
};
