import { readFile, stat } from 'node:fs/promises';
import { FileError } from '../errors.ts';
import { atPath } from './file-fault.ts';

/** Longer texts are none that a run has written. */
const maxBytes = 2 ** 28;

/** Text of a file; undefined where it is absent. @throws FileError where it cannot be read */
export async function readTextIfThere(path: string): Promise<string | undefined> {
  return atPath(path, 'read', 'a readable file', async () => {
    try {
      const found = await stat(path);
      if (!found.isFile() || found.size > maxBytes)
        throw new FileError({
          operation: 'read',
          expected: `a file of at most ${maxBytes} bytes`,
          actual: `${found.isFile() ? `${found.size} bytes` : 'something else'}: ${path}`,
        });
      return await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  });
}

/** Size of a file in bytes; undefined where it is absent. */
export async function sizeIfThere(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}
