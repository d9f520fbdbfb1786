/**
 * Files of a size that is limited before they are read. Node only: `node:` modules are asked for inside the functions.
 */
import { nodeModule, systemRemedies } from '@funhash/hashing/node';
import { gunzipped } from '@funhash/hashing/streams';
import { DataFileError, DataFormatError } from './errors.ts';

/** A system error as one of a file. */
function fileError(operation: string, path: string, cause: unknown): DataFileError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const remedy = code === undefined ? undefined : systemRemedies[code];
  return new DataFileError(
    path,
    { operation, expected: 'a file that can be read', actual: `"${message}"`, ...(remedy && { remedy }) },
    { cause },
  );
}

/** Undefined where there is no such file. @throws DataFileError for other errors of the system */
export async function unlessAbsent<T>(
  operation: string,
  path: string,
  asked: Promise<T>,
): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw fileError(operation, path, error);
  }
}

/**
 * The bytes of a file; undefined where there is none.
 *
 * @throws DataFormatError when it is larger than `maxBytes`; DataFileError for what is no regular file, such as a folder
 * or a pipe, and for what cannot be read.
 */
export async function readBounded(
  operation: string,
  path: string,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  const { open, stat } = nodeModule('node:fs/promises');
  // Looked at before it is opened: opening a pipe waits for its writer.
  const found = await unlessAbsent(operation, path, stat(path));
  if (!found) return undefined;
  if (!found.isFile())
    throw new DataFileError(path, {
      operation,
      expected: 'a file',
      actual: found.isDirectory() ? 'a folder' : 'a pipe or a device',
      remedy: 'Name a file, or remove what has its name.',
    });
  if (found.size > maxBytes)
    throw new DataFormatError(path, maxBytes, {
      operation,
      expected: `at most ${maxBytes} bytes`,
      actual: `${found.size} bytes, more`,
    });
  const file = await unlessAbsent(operation, path, open(path));
  if (!file) return undefined;
  try {
    const bytes = new Uint8Array(found.size);
    let length = 0;
    while (length < bytes.length) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } catch (cause) {
    throw fileError(operation, path, cause);
  } finally {
    await file.close();
  }
}

/** Images shrink by less than this, where they take more than so many bytes: what shrinks more is made to fill memory. */
const [usualInflation, usualBytes] = [32, 2 ** 25];

/**
 * The content of a gzip file of one member. Its last bytes promise a length: what cannot be held by so small a file or is
 * above `maxBytes` is not inflated at all, and no byte above the promise is; nor is what shrinks as no images do.
 *
 * @throws DataFormatError when it is damaged, cut short, too long, or has bytes behind its member.
 */
export async function gunzipBounded(
  operation: string,
  path: string,
  packed: Uint8Array,
  maxBytes: number,
  remedy: string,
): Promise<Uint8Array> {
  const refuse = (actual: string, cause?: unknown): never => {
    throw new DataFormatError(
      path,
      0,
      { operation, expected: `a whole gzip file of at most ${maxBytes} unpacked bytes`, actual, remedy },
      { cause },
    );
  };
  const usual = usualBytes + usualInflation * packed.length;
  return gunzipped(packed, {
    maxBytes: Math.min(maxBytes, usual),
    damaged: refuse,
    tooLong: (promised) =>
      refuse(
        promised > maxBytes
          ? `${promised} unpacked bytes`
          : `${promised} bytes of ${packed.length}, where so few are taken to hold at most ${usual}; unpack it first`,
      ),
  });
}
