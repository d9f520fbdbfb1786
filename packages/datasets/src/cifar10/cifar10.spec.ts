import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ChecksumError, DataAbsentError, DataFormatError } from '../errors.ts';
import type { Split } from '../images/image-dataset.ts';
import { tarFiles } from '../tar.ts';
import fixtures from './cifar10.fixtures.json' with { type: 'json' };
import { loadCifar10 } from './cifar10.ts';
import { fromCifar10Batches } from './cifar10-binary.ts';

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));
const binaryTar = Uint8Array.from(gunzipSync(bytesOf(fixtures.binaryArchive)));
const jpegTar = Uint8Array.from(gunzipSync(bytesOf(fixtures.jpegArchive)));
const pixels = 32 * 32 * 3;
const imageOf = ({ inputs: images }: Split, k: number) => images.subarray(k * pixels, (k + 1) * pixels);

/** Writes the checksum of the tar header at a place. */
const sign = (archive: Buffer, at: number) => {
  archive.fill(' ', at + 148, at + 156);
  const sum = archive.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
  archive.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148);
};

let dir: string;
beforeEach(async () => {
  vi.stubEnv('FUNHASH_DATA', '');
  dir = await mkdtemp(join(tmpdir(), 'cifar10-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true });
});

describe('binary files', () => {
  const names = Object.keys(fixtures.labels) as (keyof typeof fixtures.labels)[];

  const expectFixture = ({ train, test }: { train: Split; test: Split }) => {
    expect([...train.labels, ...test.labels]).toEqual(Object.values(fixtures.labels).flat());
    names.forEach((name, k) => {
      const image = k < 5 ? imageOf(train, 2 * k + 1) : imageOf(test, 1);
      const { firstRow, last, sum } = fixtures.probes[name];
      expect([...image.subarray(0, 12)]).toEqual(firstRow);
      expect([...image.subarray(-3)]).toEqual(last);
      expect(image.reduce((total, pixel) => total + pixel)).toBe(sum);
    });
  };

  test('planes of an archive become pixels', async () => {
    await writeFile(join(dir, 'cifar-10-binary.tar.gz'), bytesOf(fixtures.binaryArchive));
    const dataset = await loadCifar10({ dir, verify: false });
    expect(dataset).toMatchObject({ name: 'cifar10', classes: 10, width: 32, height: 32, channels: 3 });
    expectFixture(dataset);
    expectFixture(await loadCifar10({ dir: join(dir, 'cifar-10-binary.tar.gz'), verify: false }));
    vi.stubEnv('FUNHASH_DATA', dir);
    expectFixture(await loadCifar10({ verify: false }));
  });

  test('a folder, also one inside of the given one', async () => {
    const inner = join(dir, 'cifar-10-batches-bin');
    await mkdir(inner);
    for (const { name, bytes } of tarFiles(binaryTar, 'tar')) await writeFile(join(dir, name), bytes);
    expectFixture(await loadCifar10({ dir: inner, verify: false }));
    expectFixture(await loadCifar10({ dir, verify: false }));
    await expect(loadCifar10({ dir })).rejects.toThrow(/30730000 bytes, got.*6146.*data_batch_1\.bin/);
    await rm(join(inner, 'data_batch_3.bin'));
    await expect(loadCifar10({ dir, verify: false })).rejects.toThrow(DataAbsentError);
    await expect(loadCifar10({ dir, verify: false })).rejects.toThrow(/data_batch_3\.bin.*cifar\.html/);
  });

  test('the first images only', async () => {
    await writeFile(join(dir, 'cifar-10-binary.tar.gz'), bytesOf(fixtures.binaryArchive));
    const { train, test } = await loadCifar10({ dir, verify: false, trainCount: 3, testCount: 1 });
    expect([train.count, test.count]).toEqual([3, 1]);
    expect([...train.labels]).toEqual(Object.values(fixtures.labels).flat().slice(0, 3));
    expect(imageOf(train, 1).reduce((total, pixel) => total + pixel)).toBe(
      fixtures.probes['data_batch_1.bin'].sum,
    );
  });

  test('another archive does not pass for the published one', async () => {
    await writeFile(join(dir, 'cifar-10-binary.tar.gz'), bytesOf(fixtures.binaryArchive));
    await expect(loadCifar10({ dir })).rejects.toThrow(ChecksumError);
  });

  test('what is not whole records with labels below 10 is refused, and says where', () => {
    const whole = new Uint8Array(2 * 3073);
    whole[3073] = 10;
    const from = (bytes: Uint8Array) => () =>
      fromCifar10Batches({ train: [whole.slice(0, 3073), bytes], test: [] });
    expect(from(whole)).toThrow(/a label below 10.*10 at byte 3073 of train\[1\]/);
    expect(from(whole.subarray(0, 3072))).toThrow(/records of 3073 bytes.*at byte 0 of train\[1\]/);
    expect(from(whole.subarray(0, 4000))).toThrow(DataFormatError);
    expect(from(new Uint8Array(0))).not.toThrow();
  });
});

describe('JPEG files', () => {
  test('decode as Pillow decodes them, the classes in turns', async () => {
    await writeFile(join(dir, 'cifar10-jpeg.tar.gz'), bytesOf(fixtures.jpegArchive));
    const { name, train, test: judged } = await loadCifar10({ dir, verify: false });
    expect(name).toBe('cifar10 (JPEG)');
    const turn = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    expect([...train.labels]).toEqual([...turn, ...turn, 3]);
    expect([...judged.labels]).toEqual([...turn, ...turn]);
    for (const { split, label, number, pixels } of fixtures.decoded) {
      const image = imageOf(split === 'train' ? train : judged, 10 * number + label);
      const errors = bytesOf(pixels).map((pixel, k) => Math.abs(pixel - (image[k] as number)));
      // Decoders round differently and enlarge the chroma planes differently.
      expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(2);
      expect(Math.max(...errors)).toBeLessThan(15);
    }
  });

  test('only as many as asked for, and unpacked archives too', async () => {
    await writeFile(join(dir, 'cifar10-jpeg.tar'), jpegTar);
    const { train, test: judged } = await loadCifar10({ dir, verify: false, trainCount: 12, testCount: 1 });
    expect([...train.labels]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
    expect(judged.count).toBe(1);
  });

  test('an archive that lacks images is refused', async () => {
    await writeFile(join(dir, 'cifar10-jpeg.tar'), jpegTar);
    await expect(loadCifar10({ dir })).rejects.toThrow(/5000 files in train\/airplane/);
  });

  test('damaged images say which', async () => {
    const [first] = [...tarFiles(jpegTar, 'tar')].filter(({ name }) => name.includes('train/bird'));
    const { bytes, byteOffset, name } = first as NonNullable<typeof first>;
    const cut = jpegTar.slice();
    cut.fill(0, byteOffset + (bytes.length >> 1), byteOffset + bytes.length);
    const large = jpegTar.slice();
    // The frame header: marker ffc0, length, precision, height, width.
    const frame = Buffer.from(bytes).indexOf(Buffer.of(0xff, 0xc0));
    large[byteOffset + frame + 5] = 0xff;
    for (const archive of [cut, large]) {
      await writeFile(join(dir, 'cifar10-jpeg.tar'), archive);
      const rejected = expect(loadCifar10({ dir, verify: false })).rejects;
      await rejected.toThrow(DataFormatError);
      await rejected.toThrow(new RegExp(`a whole colour JPEG of 32 × 32.*${name}`));
    }
  });

  test('unknown classes are refused', async () => {
    const other = Buffer.from(jpegTar);
    const at = other.indexOf('files/test/horse');
    other.write('files/test/mouse', at);
    sign(other, at);
    await writeFile(join(dir, 'cifar10-jpeg.tar'), other);
    await expect(loadCifar10({ dir, verify: false })).rejects.toThrow(/folders airplane.*mouse/);
  });
});

test('absent files say how to get them', async () => {
  for (const options of [{}, { dir }, { dir: join(dir, 'nowhere') }]) {
    const rejected = expect(loadCifar10(options)).rejects;
    await rejected.toThrow(DataAbsentError);
    await rejected.toThrow(/cifar-10-binary\.tar\.gz.*FUNHASH_DATA/);
  }
});

describe('hostile archives', () => {
  test('any damage is a data error or harmless', async () => {
    const path = join(dir, 'cifar10-jpeg.tar');
    const head = jpegTar.subarray(0, 6 * 1024);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(head.length - 1),
        fc.nat(255),
        fc.integer({ min: 1, max: head.length }),
        async (at, value, length) => {
          const damaged = head.slice(0, length);
          damaged[at % length] = value;
          await writeFile(path, damaged);
          await loadCifar10({ dir: path, verify: false }).catch((error: unknown) => {
            expect(error).toBeInstanceOf(DataFormatError);
          });
        },
      ),
      { seed: 8, numRuns: 150 },
    );
  });

  test('a size beyond the end is refused before anything is read', () => {
    const archive = Buffer.from(jpegTar);
    const at = archive.indexOf('files/train/airplane');
    archive.write('77777777777\0', at + 124);
    sign(archive, at);
    expect(() => [...tarFiles(archive, 'x.tar')]).toThrow(/a size of at most/);
  });

  test('a gzip bomb is refused', async () => {
    const path = join(dir, 'bomb.tar.gz');
    await writeFile(path, gzipSync(new Uint8Array(2 ** 28 + 1), { level: 1 }));
    await expect(loadCifar10({ dir: path, verify: false })).rejects.toThrow(
      /at most 268435456 unpacked bytes/,
    );
  });
});

const real = fileURLToPath(new URL('../../../../../shared/data/', import.meta.url));

test.skipIf(!existsSync(join(real, 'cifar10-jpeg.tar.gz')))(
  'the JPEG archive (skipped where ../shared/data/cifar10-jpeg.tar.gz is absent)',
  async () => {
    const { train, test: judged } = await loadCifar10({ dir: real, trainCount: 2000, testCount: 100 });
    expect([train.count, judged.count]).toEqual([2000, 100]);
    expect([...train.labels].filter((label) => label === 6)).toHaveLength(200);
    // Channel means of all training images are .4914, .4822, .4465: here within 3 standard errors of 2000 images.
    [0.4914, 0.4822, 0.4465].forEach((mean, channel) => {
      let sum = 0;
      for (let k = channel; k < train.inputs.length; k += 3) sum += train.inputs[k] as number;
      expect(Math.abs((3 * sum) / train.inputs.length / 255 - mean)).toBeLessThan(0.011);
    });
    expect(await readFile(join(real, 'SOURCE.md'), 'utf8')).toContain('cifar10-jpeg');
  },
);
