import { nodeModule } from '@funhash/hashing/node';
import { ModelFileError } from '../container/model-file-error.ts';

/**
 * Writes a file as a whole or not at all: a temporary file in the same folder, flushed to the disk, then renamed. A
 * failure leaves the old file as it was and no other one. Links are followed; the permissions of an old file stay.
 * Node only.
 *
 * The npm library of this name takes a short write, as on a full disk, for success, and is CommonJS: hence our own.
 *
 * @throws ModelFileError whose cause is the error of the file system
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array): Promise<void> {
  const { chmod, open, realpath, rename, rm, stat } = nodeModule('node:fs/promises');
  let temporary: string | undefined;
  try {
    const target = await realpath(path).catch(absentAsUndefined);
    const mode = target === undefined ? undefined : (await stat(target)).mode;
    const candidate = `${target ?? path}.${globalThis.crypto.randomUUID()}.tmp`;
    const handle = await open(candidate, 'wx');
    temporary = candidate;
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (mode !== undefined) await chmod(temporary, mode);
    await rename(temporary, target ?? path);
  } catch (cause) {
    if (temporary !== undefined) await rm(temporary, { force: true }).catch(() => undefined);
    throw new ModelFileError(
      {
        operation: 'writeFileAtomic',
        source: path,
        expected: 'a writable file in an existing folder with enough room',
        actual: cause instanceof Error ? cause.message : String(cause),
        remedy: 'What was there before is unchanged.',
      },
      { cause },
    );
  }
}

function absentAsUndefined(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}
