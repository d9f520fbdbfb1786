/**
 * The four files of an MNIST-like data set, from a folder. Node only: `node:` modules are loaded inside the functions.
 */
import { nodeModule } from '@funhash/hashing/node';
import { gunzipBounded, readBounded } from '../bounded-file.ts';
import { DataAbsentError } from '../errors.ts';
import type { IdxFiles } from '../images/image-dataset.ts';
import { requirePublished } from '../published.ts';

const fileNames: Record<keyof IdxFiles, string> = {
  trainImages: 'train-images-idx3-ubyte',
  trainLabels: 'train-labels-idx1-ubyte',
  testImages: 't10k-images-idx3-ubyte',
  testLabels: 't10k-labels-idx1-ubyte',
};

/** More than the largest of these files unpacked (47 MB); a gzip stream that grows beyond it is refused. */
const publishedBytes = 2 ** 26;

const operation = 'readIdxFolder';

export interface IdxFolder {
  readonly files: IdxFiles;
  /** The path each file was read from. */
  readonly sources: Readonly<Record<keyof IdxFiles, string>>;
}

/**
 * Reads `{train,t10k}-{images-idx3,labels-idx1}-ubyte`, plain or with `.gz`, from `dir`.
 *
 * @param md5 published MD5 of each unpacked file; without it nothing is compared.
 * @param howToGet sentence for the error when files are absent.
 * @param maxFileBytes most bytes of an unpacked file. Default: more than those of MNIST.
 * @throws DataAbsentError, DataFormatError (damaged gzip), ChecksumError.
 */
export async function readIdxFolder(
  dir: string,
  howToGet: string,
  md5?: Readonly<Record<keyof IdxFiles, string>>,
  maxFileBytes = publishedBytes,
): Promise<IdxFolder> {
  const files = {} as Record<keyof IdxFiles, Uint8Array>;
  const sources = {} as Record<keyof IdxFiles, string>;
  for (const [key, fileName] of Object.entries(fileNames) as [keyof IdxFiles, string][]) {
    const { bytes, path } = await readPlainOrGzip(dir, fileName, howToGet, maxFileBytes);
    files[key] = bytes;
    sources[key] = path;
    if (md5) requirePublished(operation, path, bytes, md5[key], howToGet);
  }
  return { files, sources };
}

async function readPlainOrGzip(
  dir: string,
  fileName: string,
  howToGet: string,
  maxFileBytes: number,
): Promise<{ bytes: Uint8Array; path: string }> {
  const { join } = nodeModule('node:path');
  const plain = join(dir, fileName);
  const plainBytes = await readBounded(operation, plain, maxFileBytes);
  if (plainBytes) return { bytes: plainBytes, path: plain };

  const packed = `${plain}.gz`;
  const packedBytes = await readBounded(operation, packed, maxFileBytes);
  if (!packedBytes) {
    throw new DataAbsentError({
      operation,
      expected: `${fileName} or ${fileName}.gz in ${dir}`,
      actual: 'neither',
      remedy: howToGet,
    });
  }
  return { bytes: await gunzipBounded(operation, packed, packedBytes, maxFileBytes, howToGet), path: packed };
}
