import { baseFingerprint, encodeUpdate } from '@funhash/codec/update';
import { crc32, joinArrays, random } from '@funhash/hashing';
import { artifactNet, decodePicture, type RgbPicture } from '@funhash/images';
import jpeg from 'jpeg-js';
import { changedBytes } from '../changes/bytes.ts';
import type { Parser } from '../parser.ts';

const size = 24;
const net = artifactNet({ channels: 2, depth: 2, chromaChannels: 2, chromaDepth: 2 });

function samplePicture(seed: number): RgbPicture {
  const draw = random(seed);
  const data = Uint8Array.from(
    { length: 3 * size * size },
    (_, k) => 128 + 90 * Math.sin(k / 40) + draw.integer(20),
  );
  return { width: size, height: size, data };
}

type Values = Map<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;

const valuesOf = (): Values =>
  new Map(
    [...net.namedParameters()].map(([name, { value }]) => [
      name,
      { shape: value.shape, data: Float32Array.from(value.dataSync()) },
    ]),
  );

/** An update that changes some values, those of which the names end so. */
function updateOf(values: Values, ending: string): Uint8Array {
  const draw = random(ending.length);
  const changed: Values = new Map(
    [...values].map(([name, { shape, data }]) => [
      name,
      { shape, data: name.endsWith(ending) ? data.map((x) => x + draw.integer(3) / 4) : data },
    ]),
  );
  return encodeUpdate(values, changed, { step: 1 / 4 });
}

/** The values with multipliers of the rows of each matrix, as the format has them. */
function withMultipliers(values: Values): Values {
  const all = new Map(values);
  for (const [name, { shape }] of values)
    if (shape.length > 1) {
      const rows = shape[0] as number;
      all.set(`${name}.multipliers`, { shape: [rows], data: new Float32Array(rows).fill(1) });
    }
  return all;
}

/** A JPEG with a segment of each mode, written byte by byte: what an encoder tunes in short time does not pay, and is left out. */
function filesOf(plain: Uint8Array): Uint8Array[] {
  const values = valuesOf();
  const fingerprint = new Uint8Array(4);
  new DataView(fingerprint.buffer).setUint32(0, baseFingerprint(values), true);
  const bodies = [
    new Uint8Array(0),
    fingerprint,
    updateOf(values, ''),
    updateOf(withMultipliers(values), '.multipliers'),
  ];
  return bodies.map((body, mode) => {
    const length = 8 + body.length;
    const head = [0xff, 0xea, length >> 8, length & 255, 0x46, 0x48, 0x49, 0, 1, mode];
    return joinArrays(Uint8Array, [plain.subarray(0, 2), head, body, plain.subarray(2)]);
  });
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
      for (const file of [plain, ...filesOf(plain)]) found.push(file);
    }
    for (const [place, file] of found.entries()) {
      const wanted = ['off', 'off', 'base', 'tuned', 'multipliers'][place % 5];
      const { mode } = decodePicture(file, net);
      if (mode !== wanted) throw new Error(`a sample says ${mode} in place of ${wanted}`);
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
