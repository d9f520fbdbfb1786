import { readFileSync } from 'node:fs';
import { baseFingerprint, encodeUpdate } from '@funhash/codec/update';
import { crc32, joinArrays, random } from '@funhash/hashing';
import { artifactNet, decodeJpeg, decodePicture, encodePicture, toRgb } from '@funhash/images';
import { changedBytes } from '../changes/bytes.ts';
import { changedJpeg } from '../changes/jpeg.ts';
import type { Parser } from '../parser.ts';

const net = artifactNet({ channels: 2, depth: 2, chromaChannels: 2, chromaDepth: 2 });

/** JPEGs by libjpeg-turbo: of each form of chroma, grey, baseline and progressive, with restarts and without. */
const forms = (): Uint8Array[] => {
  const path = '../../../../packages/images/src/jpeg/decode-jpeg.fixtures.json';
  const found = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { jpeg: string }[];
  return found.map(({ jpeg }) => new Uint8Array(Buffer.from(jpeg, 'base64')));
};

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

/** The segment of alpha that an encoder writes: of a soft edge, and of noise. */
async function alphaOf(plain: Uint8Array): Promise<Uint8Array> {
  const picture = toRgb(decodeJpeg(plain));
  const draw = random(plain.length);
  const alpha = Uint8Array.from({ length: picture.width * picture.height }, (_, k) => {
    const x = k % picture.width;
    return x < 4 ? draw.integer(256) : Math.min(255, 40 * Math.abs(x - 12));
  });
  const { bytes, alphaBytes } = await encodePicture(plain, { ...picture, alpha }, net, { steps: 0 });
  const at = placeOf(bytes, 'FHA');
  return bytes.slice(at, at + alphaBytes);
}

/** Place of the segment of a name; −1 where there is none. */
const placeOf = (bytes: Uint8Array, name: string): number =>
  bytes.findIndex(
    (x, k) =>
      x === 0xff &&
      bytes[k + 1] === 0xea &&
      [...name].every((character, place) => bytes[k + 4 + place] === character.charCodeAt(0)),
  );

/** Place behind a segment. */
const endOf = (bytes: Uint8Array, at: number): number =>
  at + 2 + (((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0));

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

/** Sets the checksum of an update right, where there is one. */
function stampUpdate(bytes: Uint8Array): void {
  const at = placeOf(bytes, 'FHI');
  const end = endOf(bytes, at);
  if (at < 0 || end > bytes.length || end - at < 20) return;
  const sum = crc32(bytes.subarray(at + 10, end - 4)) >>> 0;
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(end - 4, sum, true);
}

/** Sets the checksum of alpha right for the size that the JPEG states, where there are both. */
function stampAlpha(bytes: Uint8Array): void {
  const at = placeOf(bytes, 'FHA');
  const end = endOf(bytes, at);
  const frame = bytes.findIndex(
    (x, k) => k > at && x === 0xff && [0xc0, 0xc1, 0xc2].includes(bytes[k + 1] ?? 0),
  );
  if (at < 0 || frame < 0 || end > bytes.length || end - at < 17 || frame + 9 > bytes.length) return;
  const [h1 = 0, h0 = 0, w1 = 0, w0 = 0] = bytes.subarray(frame + 5, frame + 9);
  const sum = crc32(bytes.subarray(at + 17, end), crc32(Uint8Array.of(w0, w1, h0, h1))) >>> 0;
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(at + 13, sum, true);
}

/** JPEGs with the update of a network and with alpha; often with their checksums right again. */
export const picture: Parser = {
  name: 'picture',
  share: 4,
  samples: async () => {
    const found: Uint8Array[] = [];
    for (const plain of forms()) {
      const alpha = await alphaOf(plain);
      const clear = joinArrays(Uint8Array, [plain.subarray(0, 2), alpha, plain.subarray(2)]);
      for (const file of [plain, ...filesOf(plain), clear, ...filesOf(clear)]) found.push(file);
    }
    for (const [place, file] of found.entries()) {
      const wanted = ['off', 'off', 'base', 'tuned', 'multipliers'][place % 5];
      const { mode, alpha } = decodePicture(file, net);
      if (mode !== wanted) throw new Error(`a sample says ${mode} in place of ${wanted}`);
      if ((alpha !== undefined) !== place % 10 > 4) throw new Error('a sample has no alpha, or has some');
    }
    return found;
  },
  change: (sample, draw) => {
    const changed = draw.integer(2) === 0 ? changedJpeg(sample, draw) : changedBytes(sample, draw);
    if (draw.integer(2) === 0) return changed;
    stampUpdate(changed);
    stampAlpha(changed);
    return changed;
  },
  read: (input) => {
    const { data, width, height, alpha } = decodePicture(input, net, { maxPixels: 2 ** 16 });
    if (data.length !== 3 * width * height) throw new Error('another length');
    if (alpha && alpha.length !== width * height) throw new Error('another length of alpha');
  },
};
