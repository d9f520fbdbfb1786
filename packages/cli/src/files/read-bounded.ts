import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { UsageError } from '../errors.ts';
import { asUsage } from './paths.ts';

interface Bounds {
  readonly maxBytes: number;
  /** How long a pipe may be silent before its first byte, in ms. Default 10 000. */
  readonly patienceMs?: number;
}

/**
 * All bytes of a file, or of a pipe such as /dev/stdin, up to a bound: more is refused as soon as it is known, and so is
 * a pipe into which nobody writes.
 *
 * @throws UsageError
 */
export async function readBounded(
  path: string,
  { maxBytes, patienceMs = 10_000 }: Bounds,
): Promise<Buffer<ArrayBuffer>> {
  const refuse = (expected: string, actual: string): never => {
    throw new UsageError({ operation: `input ${path}`, expected, actual });
  };
  let file: FileHandle | undefined;
  try {
    // Without waiting for someone who writes: that would have no end.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await file.stat();
    if (!found.isFile() && !found.isFIFO())
      refuse('a file or a pipe', found.isDirectory() ? 'a folder' : 'a device');
    if (found.size > maxBytes) refuse(`at most ${maxBytes} bytes`, `${found.size} bytes`);
    const chunks: Buffer[] = [];
    let length = 0;
    const begun = performance.now();
    for (;;) {
      const chunk = Buffer.allocUnsafe(2 ** 16);
      const read = await readSome(file, chunk);
      if (read > 0) {
        length += read;
        chunks.push(chunk.subarray(0, read));
        if (length > maxBytes) refuse(`at most ${maxBytes} bytes`, 'more');
      } else if (read === 0 && (found.isFile() || length > 0)) return Buffer.concat(chunks, length);
      else {
        if (length === 0 && performance.now() - begun > patienceMs)
          refuse('a pipe into which something is written', `nothing for ${patienceMs / 1000} s`);
        await wait(10);
      }
    }
  } catch (error) {
    throw asUsage(error, `input ${path}`, path);
  } finally {
    await file?.close();
  }
}

/** Bytes read; 0 at the end, or where nobody writes into a pipe; -1 where a writer has not written yet. */
async function readSome(file: FileHandle, chunk: Buffer): Promise<number> {
  try {
    return (await file.read(chunk, 0, chunk.length)).bytesRead;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return -1;
    throw error;
  }
}
