import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodeModel } from '../container/decode-model.ts';
import { encodeModel } from '../container/encode-model.ts';
import { ModelFileError } from '../container/model-file-error.ts';
import { memoryGrowth } from '../memory-growth.spec-kit.ts';
import { compressBytes } from './compress-bytes.ts';
import { inflateBytes } from './gzip.ts';

const bytes = Uint8Array.from({ length: 20_000 }, (_, i) => (i * i) >> 7);
const unpadded = (buffer: Buffer) => new Uint8Array(buffer);

test.each([0, 1, 8191, 8192, 8193, 20_000])('%d bytes are the same after compression', async (length) => {
  const content = bytes.subarray(0, length);
  const compressed = await compressBytes(content);
  expect(unpadded(gunzipSync(compressed))).toEqual(content);
  expect(await inflateBytes(compressed)).toEqual(content);
  expect(await inflateBytes(gzipSync(content, { level: 1 }))).toEqual(content);
  expect(await inflateBytes(Uint8Array.of(0, ...compressed).subarray(1))).toEqual(content);
});

test('what is not gzip comes back as it is', async () => {
  const plain = Uint8Array.of(1, 2, 3);
  expect(await inflateBytes(plain)).toBe(plain);
  expect(await inflateBytes(new Uint8Array(0))).toHaveLength(0);
});

test('a model file whose header length begins like gzip is not taken for it', async () => {
  const headerLength = 0x088b1f;
  const file = new Uint8Array(8 + headerLength).fill(0x20);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerLength), true);
  file.set([0x7b, 0x7d], 8);
  expect(file.subarray(0, 3)).toEqual(Uint8Array.of(0x1f, 0x8b, 0x08));
  expect(await inflateBytes(file)).toBe(file);
  expect(() => decodeModel(file)).toThrow('network description');
});

test('decodeModel says what to do with a compressed file', async () => {
  const model = await compressBytes(encodeModel({ spec: null, tensors: {} }));
  expect(() => decodeModel(model)).toThrow(ModelFileError);
  expect(() => decodeModel(model)).toThrow('inflateBytes');
  expect(decodeModel(await inflateBytes(model)).spec).toBe(null);
});

describe('what is refused', () => {
  let compressed: Uint8Array;
  beforeAll(async () => {
    compressed = await compressBytes(bytes.subarray(0, 600));
  });

  test('every cut', async () => {
    for (let length = 2; length < compressed.length; length++)
      await expect(inflateBytes(compressed.slice(0, length)), `${length} bytes`).rejects.toThrow(
        ModelFileError,
      );
  });

  test('a changed content, checksum or length', async () => {
    for (const place of [40, -8, -5, -4, -1]) {
      const changed = compressed.slice();
      const at = place < 0 ? changed.length + place : place;
      changed[at] = (changed[at] as number) ^ 1;
      await expect(inflateBytes(changed), `byte ${place}`).rejects.toThrow(ModelFileError);
    }
  });

  test.each([
    ['a byte', Uint8Array.of(1)],
    ['zeros', new Uint8Array(20)],
    ['another member', gzipSync(bytes)],
    ['an empty member', gzipSync('')],
  ])('%s behind it', async (_, more) => {
    const file = Uint8Array.of(...compressed, ...more);
    await expect(inflateBytes(file, { source: 'net.gz' })).rejects.toMatchObject({
      name: 'ModelFileError',
      source: 'net.gz',
    });
  });

  test('more than maxBytes', async () => {
    expect(await inflateBytes(compressed, { maxBytes: 600 })).toHaveLength(600);
    await expect(inflateBytes(compressed, { maxBytes: 599 })).rejects.toThrow('at most 599 bytes');
    await expect(inflateBytes(compressed, { maxBytes: 599 })).rejects.toThrow(ModelFileError);
  });

  /** The error, and the memory that it took. */
  const costOf = async (
    file: Uint8Array,
    options = {},
  ): Promise<{ error: ModelFileError; growth: number }> => {
    let error: unknown;
    const growth = await memoryGrowth(async () => {
      error = await inflateBytes(file, options).catch((caught: unknown) => caught);
    });
    expect(error).toBeInstanceOf(ModelFileError);
    return { error: error as ModelFileError, growth };
  };
  const lengthChanged = (file: Uint8Array, length: number): Buffer => {
    const changed = Buffer.from(file);
    changed.writeUInt32LE(length, changed.length - 4);
    return changed;
  };
  /** A safetensors file of one tensor of bytes, of which only the first are there. */
  const promising = (count: number, given: number): Buffer => {
    const header = JSON.stringify({ w: { dtype: 'U8', shape: [count], data_offsets: [0, count] } });
    const file = Buffer.alloc(8 + header.length + given);
    file.writeUInt32LE(header.length);
    file.write(header, 8);
    return file;
  };

  test('a bomb, before it takes memory: by default, and under any limit', async () => {
    const bomb = gzipSync(new Uint8Array(2 ** 28));
    expect(bomb.length).toBeLessThan(2 ** 19);
    for (const options of [{}, { maxBytes: 2 ** 20 }]) {
      const { error, growth } = await costOf(bomb, options);
      expect(error.message).toMatch(/at most \d+ bytes when inflated, got 268435456.*Raise maxBytes/);
      expect(growth).toBeLessThan(2 ** 20);
    }
  });

  test('a length that is a lie: what is too much is not inflated, what cannot be is not begun', async () => {
    const bomb = gzipSync(new Uint8Array(2 ** 28));
    const short = await costOf(lengthChanged(bomb, 1000), { maxBytes: 2 ** 30 });
    expect(short.error.message).toContain('more than the 1000 bytes that its end says');
    expect(short.growth).toBeLessThan(2 ** 24);
    const boast = await costOf(lengthChanged(compressed, 2 ** 25));
    expect(boast.error.message).toContain('more than so few bytes hold');
    expect(boast.growth).toBeLessThan(2 ** 20);
  });

  test('content beyond what its own header asks for, as soon as the header is read', async () => {
    for (const [count, given] of [
      [100, 2 ** 27],
      [2 ** 30, 2 ** 27],
      [0, 2 ** 27],
    ] as const) {
      const { error, growth } = await costOf(gzipSync(promising(count, given)), { maxBytes: 2 ** 30 });
      expect(error.message).toMatch(/where the header of the content asks for \d+/);
      expect(growth).toBeLessThan(2 ** 24);
    }
    const damaged = promising(8, 2 ** 27);
    damaged[20] = 0;
    expect((await costOf(gzipSync(damaged), { maxBytes: 2 ** 30 })).growth).toBeLessThan(2 ** 24);
    expect(await inflateBytes(gzipSync(promising(5000, 5000)))).toEqual(unpadded(promising(5000, 5000)));
  });

  test('other content than a safetensors file, where only that is wanted, at its first bytes', async () => {
    const zeros = gzipSync(new Uint8Array(2 ** 26));
    const { error, growth } = await costOf(zeros, { safetensorsOnly: true });
    expect(error.message).toContain('a safetensors file in the gzip file, got other content');
    expect(growth).toBeLessThan(2 ** 22);
    await expect(inflateBytes(gzipSync('{}'), { safetensorsOnly: true })).rejects.toThrow('other content');
    const file = promising(10, 10);
    expect(await inflateBytes(gzipSync(file), { safetensorsOnly: true })).toEqual(unpadded(file));
    expect(await inflateBytes(file, { safetensorsOnly: true })).toBe(file);
  });

  test('a whole file takes no more than twice itself', async () => {
    const file = promising(2 ** 25, 2 ** 25);
    const packed = gzipSync(file);
    const growth = await memoryGrowth(() => inflateBytes(packed));
    // Pieces that were copied wait for the collector.
    expect(growth).toBeLessThan(2 * file.length + 2 ** 24);
  });
});

test('3000 mutated files: a typed refusal, or the original content', async () => {
  const content = bytes.subarray(0, 300);
  const compressed = await compressBytes(content);
  let state = 20160106;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  let accepted = 0;
  for (let run = 0; run < 3000; run++) {
    const changed = compressed.slice();
    // The first two bytes say that it is gzip.
    for (let edits = 1 + random(3); edits > 0; edits--) changed[2 + random(changed.length - 2)] = random(256);
    try {
      expect(await inflateBytes(changed)).toEqual(content);
      accepted++;
    } catch (error) {
      if (!(error instanceof ModelFileError)) throw error;
    }
  }
  // The time, the level and the system in its head are not content.
  expect(accepted).toBeLessThan(300);
});
