import { ArgumentError } from '@funhash/hashing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { storedTensors } from './arbitraries.ts';
import { blankChecksum, stampChecksum } from './checksum.ts';
import type { JsonValue } from './json.ts';
import { memoryGrowth } from './memory-growth.ts';
import fixtures from './model-file.fixtures.json' with { type: 'json' };
import { decodeModel, encodeModel, type ModelTensor } from './model-file.ts';
import { ModelFileError } from './model-file-error.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';

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

  test.each(['f32', 'f16', 'bf16'] as const)('a second save as %s changes nothing more', (storeAs) => {
    const w = { shape: [50], data: Float64Array.from({ length: 50 }, (_, i) => Math.sin(i)) };
    const code = { shape: [2], data: Uint8Array.of(1, 255) };
    const once = encodeModel({ spec: null, tensors: { w, code }, storeAs });
    const decoded = decodeModel(once);
    expect(decoded.tensors.get('w')?.dtype).toBe(storeAs.toUpperCase());
    expect(decoded.tensors.get('w')?.data).toBeInstanceOf(Float32Array);
    expect(decoded.tensors.get('code')?.data).toEqual(code.data);
    expect(encodeModel({ ...decoded, storeAs })).toEqual(once);
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
    ['a description that is no object', '1', 'Object'],
    ['a description that is a list', '[]', 'format'],
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
