import { crc32 } from '@funhash/hashing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type StorageFormat, storageFormats } from '../../formats/storage-formats.ts';
import type { JsonValue } from '../../json/json.ts';
import { memoryGrowth } from '../../memory-growth.spec-kit.ts';
import { decodeModel } from '../decode-model.ts';
import { encodeModel } from '../encode-model.ts';
import type { DecodedModel, ModelTensor } from '../model-file.ts';
import { ModelFileError } from '../model-file-error.ts';
import { BitReader, BitWriter } from './bit-port.ts';
import { compact } from './compact.ts';
import { headBytes } from './compact-file.ts';
import { Numbers, Texts } from './transfer.ts';

const cutOff = (): never => {
  throw new Error('cut off');
};
const names = fc.string({ unit: 'binary', maxLength: 8 });
const shape = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 3 });
const sizeOf = (extents: readonly number[]): number => extents.reduce((a, b) => a * b, 1);
const arrays = [Float32Array, Float64Array, Int32Array, Uint8Array] as const;
const tensor = fc
  .tuple(shape, fc.constantFrom(...arrays), fc.integer({ min: 0, max: 3 }))
  .chain(([extents, List, kind]) =>
    fc
      .array(
        kind === 0 ? fc.integer({ min: -9, max: 9 }) : fc.float({ noNaN: true, noDefaultInfinity: true }),
        {
          minLength: sizeOf(extents),
          maxLength: sizeOf(extents),
        },
      )
      .map(
        (data): ModelTensor => ({
          shape: extents,
          data: List.from(data.map((x) => (kind === 1 ? x : x / 4))),
        }),
      ),
  );
const model = fc.record({
  spec: fc.jsonValue({ noUnicodeString: false } as never) as fc.Arbitrary<JsonValue>,
  tensors: fc
    .uniqueArray(fc.tuple(names, tensor), { selector: ([name]) => name, maxLength: 6 })
    .map((pairs) => new Map(pairs)),
});

const told = ({ spec, tensors }: DecodedModel): unknown => ({
  spec: JSON.stringify(spec),
  tensors: new Map([...tensors].sort(([a], [b]) => (a < b ? -1 : 1))),
});

describe('laws', () => {
  test('any model comes back as out of a safetensors file, in every format', () => {
    fc.assert(
      fc.property(
        model.filter(({ spec }) => !JSON.stringify(spec).includes('-0')),
        fc.option(fc.constantFrom(...(Object.keys(storageFormats) as StorageFormat[])), { nil: undefined }),
        ({ spec, tensors }, format) => {
          const storeAs = (name: string): StorageFormat | undefined =>
            name.length % 2 === 0 ? format : undefined;
          let plain: Uint8Array;
          try {
            plain = encodeModel({ spec, tensors, storeAs });
          } catch {
            expect(() => compact.encode({ spec, tensors, storeAs })).toThrow();
            return;
          }
          const bytes = compact.encode({ spec, tensors, storeAs });
          expect(compact.isOf(bytes)).toBe(true);
          expect(compact.isOf(plain)).toBe(false);
          const back = compact.decode(bytes);
          expect(told(back)).toEqual(told(decodeModel(plain)));
          // Canonical: stored again it is the same.
          const again = compact.encode({ ...back, storeAs });
          expect(again).toEqual(bytes);
        },
      ),
      { seed: 11, numRuns: 150 },
    );
  });

  test('levels of any size come back', () => {
    const level = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.integer({ min: -500_000, max: 500_000 }));
    fc.assert(
      fc.property(fc.array(level, { maxLength: 80 }), (given) => {
        const port = new BitWriter();
        new Numbers().levels(port, Int32Array.from(given));
        const reader = new BitReader(port.finish(), cutOff);
        const levels = new Int32Array(given.length);
        new Numbers().levels(reader, levels);
        expect([...levels]).toEqual(given.map((x) => x | 0));
        expect(reader.left).toBe(0);
      }),
      { seed: 12, numRuns: 60 },
    );
  });

  test('levels take about their entropy', () => {
    let state = 7;
    const draw = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    const levels = Int32Array.from({ length: 20_000 }, () =>
      Math.round(2.2 * (draw() + draw() + draw() - 1.5)),
    );
    const counts = new Map<number, number>();
    for (const k of levels) counts.set(k, (counts.get(k) ?? 0) + 1);
    const bits = [...counts.values()].reduce((sum, n) => sum - n * Math.log2(n / levels.length), 0);
    const port = new BitWriter();
    new Numbers().levels(port, levels.slice());
    expect((8 * port.finish().length) / bits).toBeLessThan(1.01);
  });

  test('texts like descriptions take few bytes', () => {
    const text = JSON.stringify({
      spec: { model: { layers: [{ bias: true, in: 64, out: 10, type: 'dense' }], type: 'sequential' } },
    });
    const port = new BitWriter();
    Texts.code(port, text, 1000, cutOff);
    const bytes = port.finish();
    expect(bytes.length).toBeLessThan(40);
    expect(Texts.code(new BitReader(bytes, cutOff), '', 1000, cutOff)).toBe(text);
  });
});

const spec = { layers: [{ kind: 'dense', in: 3, out: 2 }], seed: 7 };
const values = { shape: [7, 3], data: Float32Array.from({ length: 21 }, (_, k) => ((k * k) % 5) - 2) };
const file = compact.encode({
  spec,
  tensors: {
    w: values,
    codes: { shape: [4], data: Float32Array.of(0.5, -1, 0.25, 0) },
    bias: { shape: [2], data: Float32Array.of(1.5, -0.1) },
    count: { shape: [], data: Int32Array.of(70_000) },
  },
  storeAs: (name) => (name === 'w' ? 'coded' : name === 'codes' ? 'i4' : undefined),
});

/** A file of the same code under a checksum that fits. */
function stamped(bytes: Uint8Array): Uint8Array {
  if (bytes.length < headBytes) return bytes;
  const copy = bytes.slice();
  new DataView(copy.buffer).setUint32(4, crc32(copy.subarray(headBytes)), true);
  return copy;
}

/** A file of any text with numbers behind it. */
function fileOf(text: string, write: (port: BitWriter) => void = () => {}): Uint8Array {
  const port = new BitWriter();
  Texts.code(port, text, 2 ** 20, cutOff);
  write(port);
  const code = port.finish();
  const bytes = new Uint8Array(headBytes + code.length);
  bytes.set([0x46, 0x48, 0x43, 1]);
  bytes.set(code, headBytes);
  return stamped(bytes);
}

describe('hostile files', () => {
  test('cut at any byte: refused', () => {
    for (let length = 0; length < file.length; length++) {
      expect(() => compact.decode(file.subarray(0, length)), `${length}`).toThrow(ModelFileError);
    }
  });

  test('a changed bit is found anywhere', () => {
    for (let at = 0; at < file.length; at++) {
      const changed = file.slice();
      changed[at] = (changed[at] as number) ^ (1 << (at % 8));
      expect(() => compact.decode(changed), `${at}`).toThrow(ModelFileError);
    }
  });

  /** Decodes a file under a checksum that fits: refused in words, or a model of tensors as large as they say. */
  function isDecoded(bytes: Uint8Array, label?: string): boolean {
    let decoded: DecodedModel;
    try {
      decoded = compact.decode(stamped(bytes));
    } catch (error) {
      expect(error, label).toBeInstanceOf(ModelFileError);
      return false;
    }
    for (const { shape, data } of decoded.tensors.values()) expect(data.length, label).toBe(sizeOf(shape));
    return true;
  }

  test('cut at any byte under a checksum that fits: refused, or whole tensors', () => {
    for (let length = 0; length < file.length; length++) isDecoded(file.slice(0, length), `${length} bytes`);
    // Zeros may be left out at the end, so little more than a word of it: what lacks half is refused.
    for (let length = 0; length < file.length / 2; length++)
      expect(isDecoded(file.slice(0, length)), `${length}`).toBe(false);
  });

  test('a long text of few contexts takes little memory', async () => {
    // 62 KiB of text in a few bytes: what the model learned is undone by places, not by bits.
    const bytes = fileOf('x'.repeat(62 * 1024));
    expect(bytes.length).toBeLessThan(1200);
    const decode = (): void => expect(() => compact.decode(bytes)).toThrow(ModelFileError);
    decode();
    expect(await memoryGrowth(decode)).toBeLessThan(2 ** 25);
  });

  test('a bit of each byte changed under a checksum that fits: refused, or whole tensors', () => {
    let accepted = 0;
    for (let at = headBytes; at < file.length; at++) {
      const changed = file.slice();
      changed[at] = (changed[at] as number) ^ (1 << (at % 8));
      if (isDecoded(changed, `${at}`)) accepted++;
    }
    expect(accepted).toBeGreaterThan(0);
  });

  test('changes under a checksum that fits: a typed refusal, or a model of the size that was checked', () => {
    let state = 99;
    const random = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    let accepted = 0;
    for (let run = 0; run < 400; run++) {
      const changed = file.slice(
        0,
        random(4) === 0 ? headBytes + random(file.length - headBytes) : file.length,
      );
      // Late ones leave the text whole.
      for (let edits = 1 + random(3); edits > 0; edits--) {
        const at = Math.min(
          changed.length - 1,
          headBytes + Math.floor((file.length - headBytes) * (1 - (random(1000) / 1000) ** 2)),
        );
        if (at >= headBytes) changed[at] = random(256);
      }
      if (isDecoded(changed)) accepted++;
    }
    expect(accepted).toBeGreaterThan(20);
  });

  test.each([
    ['not JSON', 'nothing', /description/],
    ['other fields', '{"spec":1,"tensors":[],"x":1}', /spec and at most/],
    ['no list', '{"spec":1,"tensors":{}}', /spec and at most/],
    ['no name', '{"spec":1,"tensors":[[1,"F32",1]]}', /name of a tensor/],
    ['a name twice', '{"spec":1,"tensors":[["a","F32",0],["a","F32",0]]}', /names that differ/],
    ['an unknown format', '{"spec":1,"tensors":[["a","F31",1]]}', /known format.*F31/],
    ['an unknown format with fields', '{"spec":1,"tensors":[["a",{"format":"zip"},0]]}', /known format/],
    ['extents', '{"spec":1,"tensors":[["a","F32",-1]]}', /extents/],
    ['extents beyond 2^53', '{"spec":1,"tensors":[["a","coded",4194304,4194304,4194304]]}', /2\^53/],
    ['more levels than fit', '{"spec":1,"tensors":[["a","coded",10000000]]}', /levels/],
    ['more bytes than fit', '{"spec":1,"tensors":[["a","F32",10000000]]}', /bytes/],
    ['a lone surrogate', '{"spec":"\\ud800","tensors":[]}', /description/],
  ])('%s', (_, text, message) => {
    expect(() => compact.decode(fileOf(text))).toThrow(ModelFileError);
    expect(() => compact.decode(fileOf(text))).toThrow(message);
  });

  test('a step of 0, a level beyond 128, more bytes behind the end, a newer version, too much memory', () => {
    const text = '{"spec":1,"tensors":[["a","coded",1]]}';
    const of = (step: number, level: number): Uint8Array =>
      fileOf(text, (port) => {
        const numbers = new Numbers();
        numbers.flag(port, 0, false);
        numbers.bytes(port, new Uint8Array(Float32Array.of(step).buffer), 4);
        numbers.levels(port, Int32Array.of(level));
      });
    expect(compact.decode(of(0.5, 3)).tensors.get('a')?.data).toEqual(Float32Array.of(1.5));
    expect(() => compact.decode(of(0, 3))).toThrow(/step above 0/);
    expect(() => compact.decode(of(Number.NaN, 3))).toThrow(/step above 0/);
    expect(() => compact.decode(of(0.5, 129))).toThrow(/levels from −128/);
    const longer = new Uint8Array(file.length + 6).fill(1);
    longer.set(file);
    expect(() => compact.decode(stamped(longer))).toThrow(/end of the file/);
    const newer = file.slice();
    newer[3] = 2;
    expect(() => compact.decode(newer, { source: 'net.fhc' })).toThrow(/version 1.*version 2.*net\.fhc/s);
    expect(() => compact.decode(new Uint8Array(0))).toThrow(/compact model file/);
    expect(() => compact.encode({ spec: 'x'.repeat(2 ** 16), tensors: {} })).toThrow(/65536 bytes/);
  });
});
