/**
 * The four files of an MNIST-like data set, from a folder. Node only: `node:` modules are loaded inside the functions.
 */
import { ChecksumError, DataAbsentError, DataFormatError } from './errors.ts';
import type { IdxFiles } from './image-dataset.ts';

const fileNames: Record<keyof IdxFiles, string> = {
  trainImages: 'train-images-idx3-ubyte',
  trainLabels: 'train-labels-idx1-ubyte',
  testImages: 't10k-images-idx3-ubyte',
  testLabels: 't10k-labels-idx1-ubyte',
};

/** More than the largest of these files unpacked (47 MB); a gzip stream that grows beyond it is refused. */
const maxFileBytes = 2 ** 26;

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
 * @throws DataAbsentError, DataFormatError (damaged gzip), ChecksumError.
 */
export async function readIdxFolder(
  dir: string,
  howToGet: string,
  md5?: Readonly<Record<keyof IdxFiles, string>>,
): Promise<IdxFolder> {
  const { createHash } = await import('node:crypto');
  const files = {} as Record<keyof IdxFiles, Uint8Array>;
  const sources = {} as Record<keyof IdxFiles, string>;
  for (const [key, fileName] of Object.entries(fileNames) as [keyof IdxFiles, string][]) {
    const { bytes, path } = await readPlainOrGzip(dir, fileName, howToGet);
    files[key] = bytes;
    sources[key] = path;
    const actual = md5 && createHash('md5').update(bytes).digest('hex');
    if (md5 && actual !== md5[key]) {
      throw new ChecksumError(path, {
        operation: 'readIdxFolder',
        expected: `the published MD5 ${md5[key]}`,
        actual: `${actual} (${bytes.length} bytes)`,
        remedy: `The file is damaged or another data set. ${howToGet} For data of your own pass verify: false.`,
      });
    }
  }
  return { files, sources };
}

async function readPlainOrGzip(
  dir: string,
  fileName: string,
  howToGet: string,
): Promise<{ bytes: Uint8Array; path: string }> {
  const { join } = await import('node:path');
  const plain = join(dir, fileName);
  const plainBytes = await readBounded(plain);
  if (plainBytes) return { bytes: plainBytes, path: plain };

  const packed = `${plain}.gz`;
  const packedBytes = await readBounded(packed);
  if (!packedBytes) {
    throw new DataAbsentError({
      operation: 'readIdxFolder',
      expected: `${fileName} or ${fileName}.gz in ${dir}`,
      actual: 'neither',
      remedy: howToGet,
    });
  }
  const { gunzipSync } = await import('node:zlib');
  try {
    return { bytes: gunzipSync(packedBytes, { maxOutputLength: maxFileBytes }), path: packed };
  } catch (cause) {
    throw new DataFormatError(
      packed,
      0,
      {
        operation: 'readIdxFolder',
        expected: `a whole gzip file of at most ${maxFileBytes} unpacked bytes`,
        actual: `"${(cause as Error).message}"`,
        remedy: howToGet,
      },
      { cause },
    );
  }
}

async function readBounded(path: string): Promise<Uint8Array | undefined> {
  const { open } = await import('node:fs/promises');
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (!file) return undefined;
  try {
    const { size } = await file.stat();
    if (size > maxFileBytes) {
      throw new DataFormatError(path, maxFileBytes, {
        operation: 'readIdxFolder',
        expected: `at most ${maxFileBytes} bytes`,
        actual: `${size} bytes, more`,
      });
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
}
