import { describe, expect, test } from 'vitest';
import { storageFormats } from '../formats/storage-formats.ts';
import type { Said, TensorCodec } from '../formats/tensor-codec.ts';
import { blankChecksum, stampChecksum } from './checksum.ts';
import { decodeModel } from './decode-model.ts';
import { encodeModel } from './encode-model.ts';
import { encodeSafetensors } from './encode-safetensors.ts';
import { check } from './faults.ts';
import { ModelFileError } from './model-file-error.ts';
import type { StoredTensor } from './safetensors.ts';

type SignSaid = Said & { readonly size: number };

/** A format of a caller's own: signs, a byte each, of one size for the tensor. */
const signs: TensorCodec<SignSaid> = {
  id: 'signs',
  lossless: false,
  bits: 8,
  said: { size: check('a number', (size) => typeof size === 'number') },
  errorBound: (x, { size }) => Math.abs(Math.abs(x) - size),
  encode: (data, shape) => ({
    stored: { dtype: 'U8', shape, data: Uint8Array.from(data, (x) => (x < 0 ? 1 : 0)) },
    said: { size: Math.abs(data[0] ?? 0) },
  }),
  shapeOf: ({ stored }, refuse) =>
    stored.dtype === 'U8' ? stored.shape : refuse('signs as U8', stored.dtype),
  decode: ({ stored, said }) =>
    Float32Array.from(stored.data, (sign) => (sign === 1 ? -said.size : said.size)),
};

const w = { shape: [2, 1], data: Float32Array.of(0.5, -0.5) };
const formats = { signs };

function fileOf(more: object, tensors: Readonly<Record<string, StoredTensor>> = {}): Uint8Array {
  const metadata = {
    funhash: JSON.stringify({ format: 'funhash-model', version: 1, spec: 1, ...more }),
    'funhash.checksum': blankChecksum,
  };
  const bytes = encodeSafetensors(tensors, metadata);
  stampChecksum(bytes);
  return bytes;
}

describe('a format of the caller’s own', () => {
  const file = encodeModel({ spec: 1, tensors: { w }, storeAs: signs });

  test('is written and read', () => {
    expect(decodeModel(file, { formats }).tensors.get('w')).toEqual({ ...w, dtype: 'SIGNS' });
    expect(encodeModel({ ...decodeModel(file, { formats }), storeAs: () => signs })).toEqual(file);
  });

  test('is refused by name where it is not known', () => {
    expect(() => decodeModel(file)).toThrow(ModelFileError);
    expect(() => decodeModel(file, { source: 'net' })).toThrow(/got "signs" \(net, tensor "w"\)/);
  });
});

test('formats that dtypes or codes have are not taken for others', () => {
  for (const id of Object.keys(storageFormats)) {
    const { native, field } = storageFormats[id as keyof typeof storageFormats];
    if (native === undefined && field === undefined) continue;
    expect(() => decodeModel(fileOf({ formats: { w: { format: id } } }))).toThrow(`got "${id}"`);
  }
});

const stored: StoredTensor = { dtype: 'U8', shape: [2], data: Uint8Array.of(0, 1) };
const good = { format: 'signs', size: 1 };
test.each<[string, object, string]>([
  ['a list of entries', { formats: [] }, 'an object as "formats"'],
  ['an entry that is null', { formats: { w: null } }, 'an object with "format"'],
  ['an entry without a format', { formats: { w: { size: 1 } } }, 'got none'],
  ['a name of the prototype', { formats: { w: { ...good, format: 'toString' } } }, 'got "toString"'],
  ['a number for a format', { formats: { w: { ...good, format: 2 } } }, 'known format'],
  ['no tensor of the name', { formats: { v: good } }, 'a tensor of that name'],
  ['another field', { formats: { w: { ...good, shape: [2] } } }, 'got "shape"'],
  ['a field that fails its check', { formats: { w: { ...good, size: '1' } } }, 'a number at size'],
  ['elements that do not fit', { formats: { f: good } }, 'signs as U8'],
  [
    'two formats for a tensor',
    { quantized: { w: { bits: 8, scale: 1, shape: [2] } }, formats: { w: good } },
    'one format for the tensor',
  ],
])('%s is refused', (_, more, message) => {
  const tensors: Record<string, StoredTensor> = {
    w: stored,
    f: { dtype: 'F32', shape: [1], data: new Float32Array(1) },
  };
  expect(decodeModel(fileOf({ formats: { w: good } }, tensors), { formats }).tensors.size).toBe(2);
  expect(() => decodeModel(fileOf(more, tensors), { formats })).toThrow(ModelFileError);
  expect(() => decodeModel(fileOf(more, tensors), { formats })).toThrow(message);
});

test('more values than a file of its length may hold are refused before memory is taken, unless that is allowed', () => {
  const w: StoredTensor = { dtype: 'U8', shape: [40_000], data: new Uint8Array(40_000) };
  const said = { format: 'coded', step: 1, shape: [2 ** 25] };
  const file = fileOf({ formats: { w: said } }, { w });
  expect(() => decodeModel(file)).toThrow('bytes of values in tensors with entries');
  expect(() => decodeModel(file, { maxBytes: 2 ** 27 })).toThrow('codeword');
});

test('an unknown format to store as is an argument error with the known ones', () => {
  const saved = () => encodeModel({ spec: 1, tensors: { w }, storeAs: 'f61' as 'f16' });
  expect(saved).toThrow(`storeAs: expected one of ${Object.keys(storageFormats).join(', ')}`);
  expect(saved).toThrow('Did you mean f16?');
});
