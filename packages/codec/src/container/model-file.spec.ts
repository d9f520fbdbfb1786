import { ArgumentError } from '@funhash/hashing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type StorageFormat, storageFormats } from '../formats/storage-formats.ts';
import type { JsonValue } from '../json/json.ts';
import { memoryGrowth } from '../memory-growth.spec-kit.ts';
import { storedTensors } from './arbitraries.spec-kit.ts';
import { blankChecksum, stampChecksum } from './checksum.ts';
import { decodeModel } from './decode-model.ts';
import { decodeSafetensors } from './decode-safetensors.ts';
import { encodeModel } from './encode-model.ts';
import { encodeSafetensors } from './encode-safetensors.ts';
import fixtures from './model-file.fixtures.json' with { type: 'json' };
import type { ModelTensor } from './model-file.ts';
import { ModelFileError } from './model-file-error.ts';
import type { StoredTensor } from './safetensors.ts';

const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));
const patternOf = ({ data }: ModelTensor) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** A stamped file with any text as its description. */
function withDescription(text: string): Uint8Array {
  const bytes = encodeSafetensors({}, { funhash: text, 'funhash.checksum': blankChecksum });
  stampChecksum(bytes);
  return bytes;
}

describe('files of the independent Python writer', () => {
  test.each(['canonical', 'spaced'] as const)('the %s one decodes to its spec and values', (kind) => {
    const { spec, tensors } = decodeModel(bytesOf(fixtures[kind]));
    expect(spec).toEqual(fixtures.spec);
    expect(new Map(Array.from(tensors, ([name, { dtype, shape }]) => [name, [dtype, shape]]))).toEqual(
      new Map(fixtures.shapes.map(([name, dtype, shape]) => [name, [dtype, shape]])),
    );
    for (const [name, values] of Object.entries(fixtures.values)) {
      expect(Array.from(tensors.get(name)?.data as Float32Array), name).toEqual(values);
    }
    expect(tensors.get('index')?.data).toEqual(Int32Array.of(-(2 ** 31), 2 ** 31 - 1));
    expect(tensors.get('__proto__')?.data).toEqual(Float32Array.of(1.5));
  });

  test('the canonical one is what encodeModel writes, byte for byte', () => {
    const { spec, tensors } = decodeModel(bytesOf(fixtures.canonical));
    const values = Float64Array.from(fixtures.values['w.f64']);
    const half = decodeSafetensors(
      encodeModel({ spec, tensors: { w: { shape: [2, 3], data: values } }, storeAs: 'f16' }),
    );
    const stored = decodeSafetensors(bytesOf(fixtures.canonical));
    expect(half.tensors.get('w')?.data).toEqual(stored.tensors.get('w.f16')?.data);
    const rewritten = encodeSafetensors(stored.tensors, {
      ...Object.fromEntries(stored.metadata),
      'funhash.checksum': blankChecksum,
    });
    stampChecksum(rewritten);
    expect(rewritten).toEqual(bytesOf(fixtures.canonical));
    const unchanged = new Map([...tensors].filter(([, { dtype }]) => !dtype.endsWith('16')));
    const { metadata } = decodeSafetensors(encodeModel({ spec, tensors: unchanged }));
    expect(metadata.get('funhash')).toBe(stored.metadata.get('funhash'));
  });

  test('tensors of codes, of any number of bits and any name', () => {
    const { values, said, file } = fixtures.quantized;
    const { tensors } = decodeModel(bytesOf(file));
    const names = Object.keys(values) as (keyof typeof values)[];
    expect(tensors.size).toBe(names.length + 1);
    for (const name of names) {
      const found = tensors.get(name) as ModelTensor;
      expect(found, name).toMatchObject({ shape: said[name].shape, dtype: `I${said[name].bits}` });
      expect(found.data).toEqual(Float32Array.from(values[name]));
    }
    expect(tensors.get('plain')?.data).toEqual(Uint8Array.of(1, 2, 3));
    const rewritten = encodeModel({
      spec: fixtures.spec,
      tensors: new Map([...tensors].filter(([, { shape }]) => shape.length > 0 && !shape.includes(0))),
      storeAs: (name) =>
        name === 'plain' ? undefined : (`i${said[name as keyof typeof said].bits}` as 'i2'),
    });
    const bytesIn = (model: Uint8Array, name: string) => decodeSafetensors(model).tensors.get(name)?.data;
    for (const name of names.filter((name) => name.startsWith('w.')))
      expect(bytesIn(rewritten, name), name).toEqual(bytesIn(bytesOf(file), name));
  });

  test('a plain safetensors file is no model', () => {
    const plain = bytesOf(fixtures.plain);
    expect(decodeSafetensors(plain).metadata.get('format')).toBe('pt');
    expect(() => decodeModel(plain)).toThrow('decodeSafetensors');
  });
});

describe('round trip', () => {
  test('of any spec and tensors, bit for bit', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 4, stringUnit: 'grapheme' }),
        storedTensors(['F64', 'F32', 'I32', 'U8']),
        (value, tensors) => {
          const spec = value as JsonValue;
          const bytes = encodeModel({ spec, tensors: tensors as ReadonlyMap<string, ModelTensor> });
          const decoded = decodeModel(bytes);
          expect(decoded.spec).toEqual(spec);
          expect(decoded.tensors.size).toBe(tensors.size);
          for (const [name, tensor] of decoded.tensors) {
            const original = tensors.get(name) as ModelTensor;
            expect(tensor.shape).toEqual(original.shape);
            expect(patternOf(tensor)).toEqual(patternOf(original));
          }
          expect(encodeModel(decoded)).toEqual(bytes);
        },
      ),
      { seed: 8, numRuns: 300 },
    );
  });

  test.each(Object.keys(storageFormats) as StorageFormat[])(
    'a second save as %s changes nothing more',
    (storeAs) => {
      const w = { shape: [50], data: Float64Array.from({ length: 50 }, (_, i) => Math.sin(i)) };
      const code = { shape: [2], data: Uint8Array.of(1, 255) };
      const once = encodeModel({ spec: null, tensors: { w, code }, storeAs });
      const decoded = decodeModel(once);
      expect(decoded.tensors.get('w')?.dtype).toBe(storeAs.toUpperCase());
      expect(decoded.tensors.get('w')?.data).toBeInstanceOf(Float32Array);
      expect(decoded.tensors.get('code')?.data).toEqual(code.data);
      expect(encodeModel({ ...decoded, storeAs })).toEqual(once);
    },
  );
});

test('each tensor in a format of its own', () => {
  const data = Float32Array.of(0.1, -0.2, 0.3);
  const tensors = { a: { shape: [3], data }, b: { shape: [3, 1], data }, c: { shape: [1, 3], data } };
  const bytes = encodeModel({
    spec: null,
    tensors,
    storeAs: (name, shape) => (shape.length === 1 ? 'f16' : name === 'b' ? 'i5' : undefined),
  });
  const formats = Array.from(decodeModel(bytes).tensors, ([name, { dtype }]) => [name, dtype]);
  expect(Object.fromEntries(formats)).toEqual({ a: 'F16', b: 'I5', c: 'F32' });
});

test('codes take the bits that they have', () => {
  const data = Float32Array.from({ length: 3000 }, (_, i) => Math.sin(i));
  const lengthAs = (storeAs: StorageFormat) =>
    encodeModel({ spec: null, tensors: { w: { shape: [3000], data } }, storeAs }).length;
  expect(Math.abs(lengthAs('i8') - lengthAs('i2') - (3000 * 6) / 8)).toBeLessThanOrEqual(8);
});

describe('decodeModel refuses tensors of codes', () => {
  const tensors: Readonly<Record<string, StoredTensor>> = {
    w: { dtype: 'U8', shape: [3], data: Uint8Array.of(0x11, 0x22, 0x07) },
    square: { dtype: 'U8', shape: [3, 1], data: Uint8Array.of(0, 0, 0) },
    least: { dtype: 'U8', shape: [1], data: Uint8Array.of(0x80) },
    f: { dtype: 'F32', shape: [1], data: Float32Array.of(1) },
  };
  const fileOf = (quantized: unknown): Uint8Array => {
    const description = JSON.stringify({ format: 'funhash-model', version: 1, spec: 1, quantized });
    const metadata = { funhash: description, 'funhash.checksum': blankChecksum };
    const bytes = encodeSafetensors(tensors, metadata);
    stampChecksum(bytes);
    return bytes;
  };
  const good = { bits: 4, scale: 0.5, shape: [5] };

  test('but takes this one', () => {
    const { data, dtype, shape } = decodeModel(fileOf({ w: good })).tensors.get('w') as ModelTensor & {
      dtype: string;
    };
    expect([dtype, shape, data]).toEqual(['I4', [5], Float32Array.of(0.5, 0.5, 1, 1, 3.5)]);
  });

  test.each<[string, unknown, string]>([
    ['no object', [], 'an object'],
    ['null', null, 'an object'],
    ['no such tensor', { x: good }, 'none'],
    ['a name of the prototype', JSON.parse(`{"__proto__":${JSON.stringify(good)}}`), 'none'],
    ['a tensor of another type', { f: { ...good, shape: [8] } }, 'F32 [1]'],
    ['a tensor of two dimensions', { square: good }, 'U8 [3, 1]'],
    ['nothing said', { w: {} }, 'bits'],
    ['no scale', { w: { bits: 4, shape: [5] } }, 'scale'],
    ['more said', { w: { ...good, zero: 0 } }, 'zero'],
    ['scale null, as JSON has NaN', { w: { ...good, scale: null } }, 'scale'],
    ['scale "NaN"', { w: { ...good, scale: 'NaN' } }, 'scale'],
    ['scale 0', { w: { ...good, scale: 0 } }, 'scale'],
    ['a negative scale', { w: { ...good, scale: -1 } }, 'scale'],
    ['a huge scale', { w: { ...good, scale: 4.9e37 } }, 'range of f32'],
    ['1 bit', { w: { ...good, bits: 1 } }, 'bits'],
    ['9 bits', { w: { ...good, bits: 9 } }, 'bits'],
    ['bits of another size', { w: { ...good, bits: 5 } }, 'U8 [3]'],
    ['half a bit', { w: { ...good, bits: 4.5 } }, 'bits'],
    ['too few values', { w: { ...good, shape: [4] } }, 'U8 [3]'],
    ['too many values', { w: { ...good, shape: [7] } }, 'U8 [3]'],
    ['a negative dimension', { w: { ...good, shape: [-5, -1] } }, 'shape.0'],
    ['a product beyond 2^53', { w: { ...good, shape: [2 ** 30, 2 ** 30, 0] } }, 'U8 [3]'],
    ['65 dimensions', { w: { ...good, shape: new Array(65).fill(1) } }, '64'],
    ['bits behind the last value', { w: { bits: 3, scale: 1, shape: [6] } }, 'behind the last code'],
    ['the code below the least one', { least: { bits: 8, scale: 1, shape: [1] } }, 'codes from −127'],
  ])('%s', (_, quantized, message) => {
    expect(() => decodeModel(fileOf(quantized))).toThrow(ModelFileError);
    expect(() => decodeModel(fileOf(quantized))).toThrow(message);
  });
});

describe('decodeModel refuses', () => {
  test('every single flipped bit, and every cut', () => {
    const bytes = encodeModel({
      spec: { a: 'é"\\' },
      tensors: { w: { shape: [3], data: Float32Array.of(1, 2, 3) } },
    });
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const flipped = bytes.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => decodeModel(flipped), `bit ${bit}`).toThrow(ModelFileError);
    }
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeModel(bytes.slice(0, length)), `${length} bytes`).toThrow(ModelFileError);
    }
  });

  test('a newer version, with the advice to upgrade, whatever its checksum', () => {
    const bytes = encodeSafetensors({}, { funhash: '{"format":"funhash-model","version":2,"more":1}' });
    expect(() => decodeModel(bytes, { source: 'net.safetensors' })).toThrow(
      /version 2 \(net\.safetensors\)\. Upgrade/,
    );
  });

  test.each([
    ['another format', '{"format":"other","version":1,"spec":1}', 'format'],
    ['no version', '{"format":"funhash-model","spec":1}', 'version'],
    ['version 0', '{"format":"funhash-model","version":0,"spec":1}', 'version'],
    ['no spec', '{"format":"funhash-model","version":1}', 'spec'],
    ['an unknown field', '{"format":"funhash-model","version":1,"spec":1,"x":1}', 'x'],
    ['a description that is no object', '1', 'an object'],
    ['a description that is a list', '[]', 'an object'],
    ['broken JSON', '{"format":', 'character 10'],
    ['a repeated key', '{"format":"funhash-model","version":1,"spec":{"a":1,"a":2}}', 'every key once'],
  ])('%s', (_, text, message) => {
    expect(() => decodeModel(withDescription(text))).toThrow(ModelFileError);
    expect(() => decodeModel(withDescription(text))).toThrow(message);
  });

  test('a missing checksum', () => {
    const bytes = encodeSafetensors({}, { funhash: '{"format":"funhash-model","version":1,"spec":1}' });
    expect(() => decodeModel(bytes)).toThrow('funhash.checksum');
  });

  test('a checksum in capitals, though it is the right number', () => {
    const bytes = withDescription('{"format":"funhash-model","version":1,"spec":11}');
    const text = Buffer.from(bytes).toString('latin1');
    const digits = /crc32:([0-9a-f]{8})/.exec(text)?.[1] as string;
    expect(digits).toMatch(/[a-f]/);
    const capitals = new Uint8Array(Buffer.from(text.replace(digits, digits.toUpperCase()), 'latin1'));
    expect(() => decodeModel(capitals)).toThrow(ModelFileError);
  });
});

describe('encodeModel refuses', () => {
  test('specs that JSON would change, other arrays, values beyond storeAs', () => {
    expect(() => encodeModel({ spec: { rate: Number.NaN }, tensors: {} })).toThrow(ArgumentError);
    const data = Uint16Array.of(1) as unknown as Uint8Array;
    expect(() => encodeModel({ spec: 1, tensors: { w: { shape: [1], data } } })).toThrow(ArgumentError);
    const w = { shape: [1], data: Float32Array.of(1e6) };
    expect(() => encodeModel({ spec: 1, tensors: { w }, storeAs: 'f16' })).toThrow('f16');
    const nan = { shape: [1], data: Float32Array.of(Number.NaN) };
    expect(() => encodeModel({ spec: 1, tensors: { nan }, storeAs: 'i8' })).toThrow(ArgumentError);
    const long = { shape: [2], data: Float32Array.of(1) };
    expect(() => encodeModel({ spec: 1, tensors: { long }, storeAs: 'i8' })).toThrow('shape [2]');
    expect(() => encodeModel({ spec: 1, tensors: { w }, storeAs: 'i9' as 'i8' })).toThrow(
      Object.keys(storageFormats).join(', '),
    );
  });
});

describe('memory stays within 4 times the file and 64 MiB', () => {
  const description = (spec: string) => `{"format":"funhash-model","spec":${spec},"version":1}`;
  const count = 2 ** 17 - 10;
  test.each([
    ['many objects', description(`[${'{},'.repeat(count)}{}]`)],
    [
      'many keys',
      description(`{${Array.from({ length: count }, (_, i) => `"${i.toString(36)}":0`).join(',')}}`),
    ],
    ['too many arrays', description('[],'.repeat(2 ** 20))],
    ['a text of escapes', description(`"${'\\n'.repeat(2 ** 22)}"`)],
  ])('%s', async (_, text) => {
    const bytes = withDescription(text);
    expect(await memoryGrowth(() => decodeModel(bytes))).toBeLessThan(4 * bytes.length + 2 ** 26);
  });
});

test('two-bit codes take 16 times the file as values, and a quarter of that on the way', async () => {
  const length = 2 ** 22;
  const bytes = encodeSafetensors(
    { w: { dtype: 'U8', shape: [length], data: new Uint8Array(length) } },
    {
      funhash: `{"format":"funhash-model","version":1,"spec":1,"quantized":{"w":{"bits":2,"scale":1,"shape":[${4 * length}]}}}`,
      'funhash.checksum': blankChecksum,
    },
  );
  stampChecksum(bytes);
  // Until V8 has optimised the loops, their numbers are garbage of the young generation (at most 16 MB, twice).
  expect(await memoryGrowth(() => decodeModel(bytes))).toBeLessThan(21 * bytes.length + 2 ** 25);
});

test('more values of codes than 1 GiB are refused before memory is taken for them', async () => {
  const data = new Uint8Array(2 ** 25 + 1);
  const said = { bits: 2, scale: 1, shape: [4 * data.length] };
  const description = { format: 'funhash-model', version: 1, spec: 1, quantized: { a: said, b: said } };
  const tensor: StoredTensor = { dtype: 'U8', shape: [data.length], data };
  const bytes = encodeSafetensors(
    { a: tensor, b: tensor },
    { funhash: JSON.stringify(description), 'funhash.checksum': blankChecksum },
  );
  stampChecksum(bytes);
  const read = (): unknown => {
    try {
      return decodeModel(bytes);
    } catch (error) {
      return error;
    }
  };
  // Code that is compiled when it first runs is no memory of a file.
  const error = read();
  const growth = await memoryGrowth(read);
  expect(error).toBeInstanceOf(ModelFileError);
  expect(error).toMatchObject({
    tensor: 'b',
    message: expect.stringContaining('1073741824 bytes of values'),
  });
  expect(growth).toBeLessThan(2 ** 20);
});
