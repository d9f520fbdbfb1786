import { expect, test } from 'vitest';
import { type StorageFormat, storageFormats } from '../formats/storage-formats.ts';
import { stampChecksum } from './checksum.ts';
import { decodeModel } from './decode-model.ts';
import { decodeSafetensors } from './decode-safetensors.ts';
import { encodeModel } from './encode-model.ts';
import type { DecodedModel } from './model-file.ts';
import { ModelFileError } from './model-file-error.ts';
import type { Safetensors } from './safetensors.ts';

const formats = Object.keys(storageFormats) as StorageFormat[];
const described = new Set(
  formats.filter((id) => storageFormats[id].native === undefined).map((id) => id.toUpperCase()),
);
const plain = {
  w: { shape: [2, 3], data: Float32Array.of(1, -2, 3, 0.5, 1e-9, 7) },
  'layers.1.bias': { shape: [2], data: Float64Array.of(1, 2) },
  bits: { shape: [5], data: Uint8Array.of(1, 2, 3, 4, 5) },
  empty: { shape: [0, 4], data: new Int32Array(0) },
};
const values = { shape: [7, 1], data: Float32Array.of(0.1, -0.2, 0.3, 0, 0.1, 0.1, -0.3) };
const spec = { layers: [{ kind: 'dense', in: 3, out: 2, name: 'é"\n' }], seed: 7 };

/** A file of what has no format, and one for each format. */
const originals = [
  encodeModel({ spec, tensors: plain }),
  ...formats.map((id) =>
    encodeModel({
      spec,
      tensors: { ...plain, w: values, two: values },
      storeAs: (name) => (name === 'w' || name === 'two' ? id : undefined),
    }),
  ),
];
const headerEndOf = (file: Uint8Array): number => 8 + new DataView(file.buffer).getUint32(0, true);

const tokens = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ',',
  ':',
  '\\',
  '-',
  '0',
  '1',
  '9007199254740993',
  '1e99',
  'null',
  '{}',
  '[]',
  '""',
  '\\u0000',
  '"w"',
  '"__proto__"',
  '"__metadata__"',
  '"dtype"',
  '"shape"',
  '"data_offsets"',
  '"F32"',
  '"U8"',
  '\\"bits\\":',
  '\\"scale\\":',
  '\\"shape\\":',
  '\\"quantized\\":',
  '\\"formats\\":',
  '\\"format\\":',
  '\\"two\\":',
  '1e-300',
  '3e38',
  '8',
  '"funhash.checksum"',
  '"crc32:00000000"',
  ' ',
  '\n',
  '\xff',
  '\xc3',
  '[[[[[[[[',
].map((token) => Uint8Array.from(token, (letter) => letter.charCodeAt(0)));

/** Xorshift of 32 bits (Marsaglia 2003): the fuzzing needs speed and a seed, no quality. */
function randomSource(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function splice(bytes: Uint8Array, at: number, removed: number, inserted: Uint8Array): Uint8Array {
  const result = new Uint8Array(Math.max(0, bytes.length - removed) + inserted.length);
  result.set(bytes.subarray(0, at));
  result.set(inserted, at);
  result.set(bytes.subarray(at + removed), at + inserted.length);
  return result;
}

function mutate(bytes: Uint8Array, headerEnd: number, random: (below: number) => number): Uint8Array {
  const at = random(bytes.length);
  const inHeader = 8 + random(headerEnd - 8);
  switch (random(8)) {
    case 0: {
      const flipped = bytes.slice();
      flipped[at] = (flipped[at] as number) ^ (1 << random(8));
      return flipped;
    }
    case 1:
      return bytes.slice(0, at);
    case 2: {
      const edited = bytes.slice();
      edited[random(8)] = random(256);
      return edited;
    }
    case 3:
    case 4: {
      const token = tokens[random(tokens.length)] as Uint8Array;
      const result = splice(bytes, Math.min(inHeader, bytes.length), 0, token);
      if (random(4) > 0) setHeaderLength(result, token.length);
      return result;
    }
    case 5: {
      const removed = Math.min(1 + random(6), bytes.length - Math.min(inHeader, bytes.length));
      const result = splice(bytes, Math.min(inHeader, bytes.length), removed, new Uint8Array(0));
      if (random(4) > 0) setHeaderLength(result, -removed);
      return result;
    }
    case 6: {
      const token = tokens[random(tokens.length)] as Uint8Array;
      const overwritten = bytes.slice();
      overwritten.set(
        token.subarray(0, Math.max(0, bytes.length - inHeader)),
        Math.min(inHeader, bytes.length),
      );
      return overwritten;
    }
    default:
      return splice(
        bytes,
        bytes.length,
        0,
        Uint8Array.from({ length: 1 + random(20) }, () => random(256)),
      );
  }
}

function setHeaderLength(bytes: Uint8Array, change: number): void {
  if (bytes.length < 8) return;
  const view = new DataView(bytes.buffer);
  view.setUint32(0, view.getUint32(0, true) + change, true);
}

/** The result, or undefined for a typed refusal; any other error is let through. */
function attempt<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof ModelFileError) return undefined;
    throw error;
  }
}

function totalBytes(decoded: Safetensors | DecodedModel): number {
  let total = 0;
  for (const { shape, data } of decoded.tensors.values()) {
    expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
    total += data.byteLength;
  }
  return total;
}

test('100 000 mutated files: a typed refusal, or the original content', () => {
  const random = randomSource(20160103);
  const content = JSON.stringify(decodeModel(originals[0] as Uint8Array).spec);
  const tensors = originals.map((file) => [...decodeModel(file).tensors]);
  let accepted = 0;
  for (let run = 0; run < 100_000; run++) {
    const original = originals[run % originals.length] as Uint8Array;
    const headerEnd = headerEndOf(original);
    let bytes = original;
    for (let edits = 1 + random(3); edits > 0 && bytes.length > 0; edits--)
      bytes = mutate(bytes, headerEnd, random);
    const model = attempt(() => decodeModel(bytes));
    if (model === undefined) continue;
    accepted++;
    expect(JSON.stringify(model.spec)).toBe(content);
    expect([...model.tensors]).toEqual(tensors[run % originals.length]);
  }
  expect(accepted).toBeLessThan(1000);
});

test('files whose damage has a valid checksum, or none to pass, give no other error and no other shape', () => {
  const random = randomSource(20160104);
  let readable = 0;
  let stamped = 0;
  for (let run = 0; run < 30_000; run++) {
    const original = originals[run % originals.length] as Uint8Array;
    const bytes = mutate(original, headerEndOf(original), random).slice();
    const plain = attempt(() => decodeSafetensors(bytes));
    if (plain === undefined) continue;
    readable++;
    expect(totalBytes(plain)).toBeLessThanOrEqual(bytes.length);
    try {
      stampChecksum(bytes);
    } catch {
      continue;
    }
    const model = attempt(() => decodeModel(bytes));
    if (model !== undefined) {
      stamped++;
      expect(totalBytes(model)).toBeLessThanOrEqual(16 * bytes.length);
      // Damaged elements of a dtype may be infinities; what has an entry is checked further.
      for (const { dtype, data } of model.tensors.values())
        if (described.has(dtype)) expect(data.every(Number.isFinite)).toBe(true);
    }
  }
  expect(readable).toBeGreaterThan(1000);
  expect(stamped).toBeGreaterThan(1000);
});

test('random bytes behind a plausible header length', () => {
  const random = randomSource(20160105);
  for (let run = 0; run < 20_000; run++) {
    const bytes = Uint8Array.from({ length: 8 + random(60) }, () => random(256));
    bytes.fill(0, 1, 8);
    bytes[0] = random(Math.max(1, bytes.length - 7));
    bytes[8] = 0x7b;
    expect(attempt(() => decodeModel(bytes))).toBe(undefined);
  }
});
