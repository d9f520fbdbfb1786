import { ArgumentError } from '@funhash/hashing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { memoryGrowth } from '../memory-growth.spec-kit.ts';
import { metadata, storedTensors } from './arbitraries.spec-kit.ts';
import { decodeSafetensors } from './decode-safetensors.ts';
import { encodeSafetensors } from './encode-safetensors.ts';
import { ModelFileError } from './model-file-error.ts';
import { type StoredTensor, safetensorsLimits } from './safetensors.ts';

/** A file with any header and any data. */
function file(header: unknown, dataLength = 0): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + dataLength);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 8);
  return bytes;
}

function refusal(bytes: Uint8Array): ModelFileError {
  try {
    decodeSafetensors(bytes, { source: 'net.safetensors' });
  } catch (error) {
    if (error instanceof ModelFileError) return error;
    throw error;
  }
  throw new Error('the file was not refused');
}

const entry = (dtype: string, shape: number[], begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});
const empty = '{"dtype":"U8","shape":[0],"data_offsets":[0,0]}';
function longHeader(): Uint8Array {
  const bytes = new Uint8Array(100_000_024);
  new DataView(bytes.buffer).setUint32(0, 100_000_008, true);
  return bytes;
}
const bytesOf = ({ data }: StoredTensor) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

describe('round trip', () => {
  test('of any tensors and metadata, bit for bit, at any alignment of the file in memory', () => {
    fc.assert(
      fc.property(storedTensors(), metadata, fc.nat(8), (tensors, texts, shift) => {
        const bytes = encodeSafetensors(tensors, texts);
        const shifted = new Uint8Array(bytes.length + shift).subarray(shift);
        shifted.set(bytes);
        const decoded = decodeSafetensors(shifted);
        expect(new Map(decoded.metadata)).toEqual(texts);
        expect([...decoded.tensors.keys()].sort()).toEqual([...tensors.keys()].sort());
        for (const [name, tensor] of tensors) {
          const { dtype, shape, data } = decoded.tensors.get(name) as StoredTensor;
          expect({ dtype, shape }).toEqual({ dtype: tensor.dtype, shape: tensor.shape });
          expect(data.constructor).toBe(tensor.data.constructor);
          expect(bytesOf({ dtype, shape, data } as StoredTensor)).toEqual(bytesOf(tensor));
        }
        expect(encodeSafetensors(decoded.tensors, decoded.metadata)).toEqual(bytes);
      }),
      { seed: 6, numRuns: 400 },
    );
  });

  test('insertion order does not change the bytes', () => {
    fc.assert(
      fc.property(storedTensors(), metadata, (tensors, texts) => {
        const reversed = new Map([...tensors].reverse());
        expect(encodeSafetensors(reversed, new Map([...texts].reverse()))).toEqual(
          encodeSafetensors(tensors, texts),
        );
      }),
      { seed: 7 },
    );
  });
});

describe('layout', () => {
  // The three files of the reference's own tests (huggingface/safetensors, safetensors/src/tensor.rs).
  test('an empty file is 16 bytes', () => {
    expect(encodeSafetensors({})).toEqual(
      Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 0, 123, 125, 32, 32, 32, 32, 32, 32),
    );
  });

  test('metadata come first, the header is padded with spaces to 8 bytes', () => {
    const text = '{"__metadata__":{"framework":"pt"}}';
    expect(encodeSafetensors({}, { framework: 'pt' })).toEqual(file(`${text}     `));
    const data = Float32Array.of(0, 1, 2, 3, 4, 5);
    const bytes = encodeSafetensors({ attn0: { dtype: 'F32', shape: [1, 1, 2, 3], data } });
    expect(bytes[0]).toBe(72);
    expect(new TextDecoder().decode(bytes.subarray(8, 80))).toBe(
      '{"attn0":{"dtype":"F32","shape":[1,1,2,3],"data_offsets":[0,24]}}'.padEnd(72),
    );
    expect(new Float32Array(bytes.buffer, 80)).toEqual(data);
  });

  test('tensors lie by dtype, then by name in code points', () => {
    const one = (dtype: StoredTensor['dtype'], data: StoredTensor['data']) =>
      ({ dtype, shape: [1], data }) as StoredTensor;
    const bytes = encodeSafetensors({
      u: one('U8', Uint8Array.of(1)),
      '😀': one('F32', Float32Array.of(1)),
      '\uffee': one('F32', Float32Array.of(1)),
      h: one('F16', Uint16Array.of(1)),
      b: one('BF16', Uint16Array.of(1)),
      i: one('I32', Int32Array.of(1)),
      d: one('F64', Float64Array.of(1)),
    });
    expect([...decodeSafetensors(bytes).tensors.keys()]).toEqual(['d', '\uffee', '😀', 'i', 'b', 'h', 'u']);
  });

  test('aligned tensors are views, in a Node Buffer too; misaligned ones are copies', () => {
    const bytes = encodeSafetensors({ w: { dtype: 'F32', shape: [2], data: Float32Array.of(1, 2) } });
    expect(decodeSafetensors(bytes).tensors.get('w')?.data.buffer).toBe(bytes.buffer);
    for (const shift of [1, 2, 3]) {
      const buffer = Buffer.from(new ArrayBuffer(bytes.length + shift), shift);
      buffer.set(bytes);
      expect(decodeSafetensors(buffer).tensors.get('w')?.data).toEqual(Float32Array.of(1, 2));
    }
  });
});

describe('hostile files', () => {
  const good = entry('U8', [4], 0, 4);
  test.each<[string, Uint8Array, string, Partial<ModelFileError>]>([
    ['no bytes', new Uint8Array(0), 'at least 8 bytes', { byteOffset: 0 }],
    [
      'a header length beyond the file',
      Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 123, 125),
      'at most 2 bytes',
      { byteOffset: 0 },
    ],
    ['a header length near 2^64', new Uint8Array(16).fill(255), '18446744', { byteOffset: 0 }],
    ['a header over the limit', longHeader(), '100000000 bytes', { byteOffset: 0 }],
    ['an empty header', file(''), 'starts with "{"', { byteOffset: 8 }],
    ['a header that is an array', file('[]'), 'starts with "{"', { byteOffset: 8 }],
    ['a byte order mark', file('\ufeff{}'), 'starts with "{"', { byteOffset: 8 }],
    ['invalid UTF-8', file('{"?":1}').map((b) => (b === 0x3f ? 0xff : b)), 'UTF-8', { byteOffset: 8 }],
    ['broken JSON behind 2-byte letters', file('{"é":x}'), 'a JSON value', { byteOffset: 14 }],
    [
      'a repeated tensor',
      file(`{"a":${empty},"a":${empty}}`),
      'every key once',
      { byteOffset: 14 + empty.length },
    ],
    ['a repeated __metadata__', file('{"__metadata__":{},"__metadata__":{}}'), 'every key once', {}],
    ['deep nesting', file(`{"a":${'['.repeat(9999)}`), '3 nested levels', {}],
    ['a million values', file(`{"a":[${'0,'.repeat(1e6)}0]}`), '136 JSON values', {}],
    ['metadata that is a list', file({ __metadata__: ['a'] }), 'an object under __metadata__', {}],
    ['metadata that is no string', file({ __metadata__: { a: 1 } }), 'a string for metadata "a"', {}],
    ['an unknown dtype', file({ a: entry('I64', [1], 0, 8) }, 8), 'got "I64"', { tensor: 'a' }],
    [
      'a dtype out of Object.prototype',
      file({ a: entry('constructor', [1], 0, 8) }, 8),
      'dtype',
      { tensor: 'a' },
    ],
    [
      'an entry without shape',
      file({ a: { dtype: 'U8', data_offsets: [0, 4] } }, 4),
      'shape',
      { tensor: 'a' },
    ],
    ['an entry with more fields', file({ a: { ...good, more: 1 } }, 4), 'more', { tensor: 'a' }],
    ['an entry named __proto__', file('{"__proto__":null}'), 'an object', { tensor: '__proto__' }],
    ['a negative dimension', file({ a: entry('U8', [-4], 0, 4) }, 4), 'shape.0', { tensor: 'a' }],
    [
      'a dimension of minus zero',
      file('{"a":{"dtype":"U8","shape":[-0],"data_offsets":[0,0]}}'),
      'shape.0',
      { tensor: 'a' },
    ],
    ['a fractional dimension', file({ a: entry('U8', [0.5], 0, 4) }, 4), 'shape.0', { tensor: 'a' }],
    ['a dimension of 2^53', file({ a: entry('U8', [2 ** 53], 0, 4) }, 4), 'shape.0', { tensor: 'a' }],
    ['65 dimensions', file({ a: entry('U8', new Array(65).fill(1), 0, 1) }, 1), '64', { tensor: 'a' }],
    ['a product beyond 2^53', file({ a: entry('U8', [2 ** 30, 2 ** 30], 0, 4) }, 4), '2^53', { tensor: 'a' }],
    [
      'a product that wraps to 4 in 64 bits',
      file({ a: entry('U8', [2 ** 33, 2 ** 33, 4], 0, 4) }, 4),
      '2^53',
      {},
    ],
    ['three offsets', file({ a: { ...good, data_offsets: [0, 4, 8] } }, 4), 'data_offsets', { tensor: 'a' }],
    ['offsets that go back', file({ a: entry('U8', [4], 4, 0) }, 4), 'data offsets [4, 0]', { tensor: 'a' }],
    [
      'offsets that do not fit the shape',
      file({ a: entry('F32', [4], 0, 4) }, 4),
      '16 bytes',
      { tensor: 'a' },
    ],
    ['an overlap', file({ a: good, b: entry('U8', [4], 2, 6) }, 6), 'an overlap', { tensor: 'b' }],
    ['the same bytes twice', file({ a: good, b: good }, 4), 'an overlap', { tensor: 'b' }],
    ['a hole', file({ a: good, b: entry('U8', [4], 5, 9) }, 9), 'a hole', { tensor: 'b' }],
    ['a hole at the start', file({ a: entry('U8', [4], 1, 5) }, 5), 'a hole', { tensor: 'a' }],
    ['trailing bytes', file({ a: good }, 5), 'got 66 bytes', { byteOffset: 65 }],
    ['a cut', file({ a: good }, 3), 'a file of 65 bytes', { byteOffset: 64 }],
  ])('%s', (_, bytes, message, fields) => {
    const error = refusal(bytes);
    expect(error.message).toContain(message);
    expect(error.message).toContain('net.safetensors');
    expect(error).toMatchObject(fields);
  });

  test('names of Object.prototype are only names', () => {
    const header =
      '{"__proto__":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"__metadata__":{"__proto__":"x"}}';
    const { tensors, metadata: texts } = decodeSafetensors(file(header, 1));
    expect([...tensors.keys(), ...texts]).toEqual(['__proto__', ['__proto__', 'x']]);
  });

  test('memory stays within 4 times the file and 64 MiB', async () => {
    const many = `{"__metadata__":{${Array.from({ length: 2 ** 17 - 3 }, (_, i) => `"${i.toString(36)}":""`).join(',')}}}`;
    const objects = `{"a":[${'{},'.repeat(2 ** 17 - 4)}{}]}`;
    const count = safetensorsLimits.maxTensors;
    const tensors = Array.from(
      { length: count },
      (_, i) => `"${i.toString(36)}":{"dtype":"F16","shape":[1],"data_offsets":[${2 * i},${2 * i + 2}]}`,
    );
    const source = file(`{${tensors.join(',')}}`, 2 * count);
    const misaligned = new Uint8Array(source.length + 1).subarray(1);
    misaligned.set(source);
    for (const bytes of [file(many), file(objects), misaligned]) {
      expect(await memoryGrowth(() => decodeSafetensors(bytes))).toBeLessThan(4 * bytes.length + 2 ** 26);
    }
  });
});

describe('encodeSafetensors refuses', () => {
  const data = Uint8Array.of(1, 2);
  const huge = new Map([['a', ' '.repeat(1e8)]]);
  test.each<[string, Record<string, unknown>, Map<string, unknown>, string]>([
    ['the reserved name', { __metadata__: { dtype: 'U8', shape: [2], data } }, new Map(), '__metadata__'],
    ['a lone surrogate', { '\ud800': { dtype: 'U8', shape: [2], data } }, new Map(), 'lone surrogates'],
    ['an unknown dtype', { a: { dtype: 'I64', shape: [2], data } }, new Map(), 'I64'],
    ['another array', { a: { dtype: 'F32', shape: [2], data } }, new Map(), 'a Float32Array'],
    ['another length', { a: { dtype: 'U8', shape: [3], data } }, new Map(), '2 elements'],
    ['a negative shape', { a: { dtype: 'U8', shape: [-1, -2], data } }, new Map(), '[-1, -2]'],
    ['65 dimensions', { a: { dtype: 'U8', shape: [...new Array(64).fill(1), 2], data } }, new Map(), '64'],
    ['metadata that are no strings', {}, new Map([['a', 1]]), 'a string'],
    ['metadata with lone surrogates', {}, new Map([['a', '\udc00']]), 'lone surrogates'],
    ['a header over the limit', {}, huge, `${safetensorsLimits.maxHeaderBytes}`],
  ])('%s', (_, tensors, texts, message) => {
    const encode = () =>
      encodeSafetensors(tensors as Record<string, StoredTensor>, texts as Map<string, string>);
    expect(encode).toThrow(ArgumentError);
    expect(encode).toThrow(message);
  });

  test('one tensor more than decodeSafetensors reads, and not one fewer', () => {
    const byte: StoredTensor = { dtype: 'U8', shape: [], data: Uint8Array.of(1) };
    const tensors = new Map<string, StoredTensor>();
    for (let i = 0; i < safetensorsLimits.maxTensors; i++) tensors.set(`${i}`, byte);
    const decoded = decodeSafetensors(encodeSafetensors(tensors));
    expect(decoded.tensors.size).toBe(tensors.size);
    expect(decoded.tensors.get('200000')).toEqual(byte);
    tensors.set('a', byte);
    expect(() => encodeSafetensors(tensors)).toThrow('220000 tensors');
    const more = [...tensors.keys()].map((name) => `"${name}":${empty}`);
    expect(() => decodeSafetensors(file(`{${more.join(',')}}`))).toThrow('at most 220000 tensors');
  });

  test('metadata too many to be read', () => {
    const texts = new Map(Array.from({ length: safetensorsLimits.maxMetadata + 1 }, (_, i) => [`${i}`, '']));
    expect(() => encodeSafetensors({}, texts)).toThrow('131072 metadata');
    texts.delete('0');
    expect(decodeSafetensors(encodeSafetensors({}, texts)).metadata.size).toBe(texts.size);
  });
});
