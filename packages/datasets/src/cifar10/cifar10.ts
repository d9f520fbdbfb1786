import { checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { nodeModule } from '@funhash/hashing/node';
import { gunzipBounded, readBounded, unlessAbsent } from '../bounded-file.ts';
import { inDataFolder } from '../data-folder.ts';
import { countRules, defineDataset, optionsFor } from '../define-dataset.ts';
import { DataAbsentError, DataFormatError } from '../errors.ts';
import type { ImageDataset } from '../images/image-dataset.ts';
import { requirePublished } from '../published.ts';
import { tarFiles } from '../tar.ts';
import { type Cifar10Batches, fromCifar10Batches, type ImageCounts } from './cifar10-binary.ts';
import { fromCifar10Jpegs } from './cifar10-jpeg.ts';

const rules = {
  ...countRules,
  /**
   * One of these, or a folder with one of them: the published archive `cifar-10-binary.tar.gz`; the folder
   * `cifar-10-batches-bin` in it; an archive of JPEG files `{train,test}/<class>/<name>.jpg`, `cifar10-jpeg.tar` or
   * `.tar.gz`. Default: the folder that the environment variable FUNHASH_DATA names.
   */
  dir: option.text(),
  /** Compare counts, and of the published archive the MD5 checksum. Default true. */
  verify: option.flag(),
};

export type Cifar10Options = OptionsOf<typeof rules>;

const operation = 'loadCifar10';
const howToGet =
  'Get cifar-10-binary.tar.gz from https://www.cs.toronto.edu/~kriz/cifar.html, ' +
  'and pass the folder it lies in as dir or in the environment variable FUNHASH_DATA.';

const trainNames = [1, 2, 3, 4, 5].map((k) => `data_batch_${k}.bin`);
const testName = 'test_batch.bin';
const batchFolder = 'cifar-10-batches-bin';
const archiveNames = ['cifar-10-binary.tar.gz', 'cifar10-jpeg.tar.gz', 'cifar10-jpeg.tar'];

const publishedMd5 = 'c32a1d4ab5d03f1284b67883e8d87530';
const batchBytes = 10_000 * 3073;
const perClass = { train: 5000, test: 1000 };

/** More than the published archive unpacked (184 MB). */
const maxArchiveBytes = 2 ** 28;
const maxBatchBytes = 2 ** 26;

/**
 * CIFAR-10: 50 000 training and 10 000 test photographs in 10 classes, 32 × 32 in colour. Node only; in a browser
 * fetch the files and use `fromCifar10Batches`. JPEG files need the npm package `jpeg-js` and are lossy: the data
 * set's name then says so, and their order is by turns of the classes, not the published one.
 * Source: Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
 *
 * @throws DataAbsentError when the files, or `jpeg-js`, are not there; it tells how to get them.
 * @throws ChecksumError when an archive of binary files is not the published one (`verify`).
 * @throws DataFormatError when a file is damaged.
 */
export async function loadCifar10(options: Cifar10Options = {}): Promise<ImageDataset> {
  checkOptions(operation, rules, options);
  const { verify = true } = options;
  const dir = options.dir ?? (await inDataFolder());
  const found = dir === undefined ? undefined : await find(dir);
  if (!found)
    throw new DataAbsentError({
      operation,
      expected: `${[batchFolder, ...archiveNames].join(', ')}${dir === undefined ? '' : ` in ${dir}`}`,
      actual: dir === undefined ? 'neither dir nor FUNHASH_DATA' : 'none of them',
      remedy: howToGet,
    });
  const { path, isFolder } = found;
  return isFolder ? fromFolder(path, options, verify) : fromArchive(path, options, verify);
}

/** CIFAR-10: see `loadCifar10`. */
export const cifar10 = /* @__PURE__ */ defineDataset({
  name: 'cifar10',
  options: rules,
  isDrawn: false,
  holdsImages: true,
  load: loadCifar10,
});

async function find(dir: string): Promise<{ path: string; isFolder: boolean } | undefined> {
  const { stat } = nodeModule('node:fs/promises');
  const { dirname, join } = nodeModule('node:path');
  const isFile = async (path: string): Promise<boolean> =>
    (await unlessAbsent(operation, path, stat(path)))?.isFile() ?? false;
  if (await isFile(dir)) return { path: dir, isFolder: false };
  for (const first of [join(dir, testName), join(dir, batchFolder, testName)])
    if (await isFile(first)) return { path: dirname(first), isFolder: true };
  for (const name of archiveNames)
    if (await isFile(join(dir, name))) return { path: join(dir, name), isFolder: false };
  return undefined;
}

async function fromFolder(dir: string, counts: ImageCounts, verify: boolean): Promise<ImageDataset> {
  const { join } = nodeModule('node:path');
  return fromBatches(
    async (name) => {
      const source = join(dir, name);
      return { source, bytes: await readBounded(operation, source, maxBatchBytes) };
    },
    counts,
    verify,
  );
}

async function fromArchive(path: string, counts: ImageCounts, verify: boolean): Promise<ImageDataset> {
  const stored = (await readBounded(operation, path, maxArchiveBytes)) as Uint8Array;
  const isGzip = stored[0] === 0x1f && stored[1] === 0x8b;
  const archive = isGzip ? await gunzipBounded(operation, path, stored, maxArchiveBytes, howToGet) : stored;
  const files = [...tarFiles(archive, path)];
  const batches = new Map(files.map(({ name, bytes }) => [name.slice(name.lastIndexOf('/') + 1), bytes]));
  if (!batches.has(testName)) return fromCifar10Jpegs(files, path, counts, verify ? perClass : undefined);
  if (verify) requirePublished(operation, path, stored, publishedMd5, howToGet);
  return fromBatches(
    async (name) => ({ source: `${path}, ${name}`, bytes: batches.get(name) }),
    counts,
    verify,
  );
}

async function fromBatches(
  read: (name: string) => Promise<{ source: string; bytes: Uint8Array | undefined }>,
  counts: ImageCounts,
  verify: boolean,
): Promise<ImageDataset> {
  const files: Uint8Array[] = [];
  const sources: string[] = [];
  for (const name of [...trainNames, testName]) {
    const { source, bytes } = await read(name);
    if (!bytes) throw new DataAbsentError({ operation, expected: source, actual: 'none', remedy: howToGet });
    if (verify && bytes.length !== batchBytes)
      throw new DataFormatError(source, Math.min(bytes.length, batchBytes), {
        operation,
        expected: `${batchBytes} bytes`,
        actual: `a file of ${bytes.length} bytes, wrong`,
        remedy: howToGet,
      });
    files.push(bytes);
    sources.push(source);
  }
  const batches: Cifar10Batches = { train: files.slice(0, -1), test: files.slice(-1), sources };
  return fromCifar10Batches(batches, optionsFor(countRules, counts));
}
