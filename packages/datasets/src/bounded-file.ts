/**
 * Files of a size that is limited before they are read. Node only: `node:` modules are loaded inside the functions.
 */
import { DataFormatError } from './errors.ts';

/**
 * The bytes of a file; undefined where there is none.
 *
 * @throws DataFormatError when it is larger than `maxBytes`.
 */
export async function readBounded(
  operation: string,
  path: string,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  const { open } = await import('node:fs/promises');
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (!file) return undefined;
  try {
    const { size } = await file.stat();
    if (size > maxBytes) {
      throw new DataFormatError(path, maxBytes, {
        operation,
        expected: `at most ${maxBytes} bytes`,
        actual: `${size} bytes, more`,
      });
    }
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/**
 * What a gzip file unpacks to.
 *
 * @throws DataFormatError when it is damaged or unpacks to more than `maxBytes`.
 */
export async function gunzipBounded(
  operation: string,
  path: string,
  packed: Uint8Array,
  maxBytes: number,
  remedy: string,
): Promise<Uint8Array> {
  const { gunzipSync } = await import('node:zlib');
  try {
    return gunzipSync(packed, { maxOutputLength: maxBytes });
  } catch (cause) {
    throw new DataFormatError(
      path,
      0,
      {
        operation,
        expected: `a whole gzip file of at most ${maxBytes} unpacked bytes`,
        actual: `"${(cause as Error).message}"`,
        remedy,
      },
      { cause },
    );
  }
}
