import { crc32, random } from '@funhash/hashing';
import { artifactNet, decodePicture, encodePicture, type RgbPicture } from '@funhash/images';
import jpeg from 'jpeg-js';
import { changedBytes } from '../changes/bytes.ts';
import type { Parser } from '../parser.ts';

const size = 40;
const net = artifactNet({ channels: 2, depth: 2, chromaChannels: 2, chromaDepth: 2 });

function samplePicture(seed: number): RgbPicture {
  const draw = random(seed);
  const data = Uint8Array.from(
    { length: 3 * size * size },
    (_, k) => 128 + 90 * Math.sin(k / 40) + draw.integer(20),
  );
  return { width: size, height: size, data };
}

/** JPEGs with the update of a network; often with the checksum of the update right again. */
export const picture: Parser = {
  name: 'picture',
  share: 4,
  samples: async () => {
    const found: Uint8Array[] = [];
    for (const [seed, quality] of [10, 60].entries()) {
      const original = samplePicture(seed);
      const rgba = Buffer.from(
        Array.from({ length: 4 * size * size }, (_, k) =>
          k % 4 === 3 ? 255 : (original.data[3 * (k >> 2) + (k % 4)] as number),
        ),
      );
      const plain = new Uint8Array(jpeg.encode({ width: size, height: size, data: rgba }, quality).data);
      const options = { steps: 8, decibelsPerDoubling: 0, weight: 1e-5, learningRate: 0.01 };
      const multipliers = { steps: 80, decibelsPerDoubling: 0, tune: 'multipliers' } as const;
      found.push(plain);
      for (const how of [options, multipliers])
        found.push((await encodePicture(plain, original, net, how)).bytes);
    }
    return found;
  },
  change: (sample, draw) => {
    const changed = changedBytes(sample, draw);
    if (draw.integer(2) === 0) return changed;
    const at = changed.findIndex((x, k) => x === 0xff && changed[k + 1] === 0xea);
    const end = at + 2 + (((changed[at + 2] ?? 0) << 8) | (changed[at + 3] ?? 0));
    if (at < 0 || end > changed.length || end - at < 20) return changed;
    const sum = crc32(changed.subarray(at + 10, end - 4)) >>> 0;
    new DataView(changed.buffer, changed.byteOffset).setUint32(end - 4, sum, true);
    return changed;
  },
  read: (input) => {
    const { data, width, height } = decodePicture(input, net, { maxPixels: 2 ** 16 });
    if (data.length !== 3 * width * height) throw new Error('another length');
  },
};
