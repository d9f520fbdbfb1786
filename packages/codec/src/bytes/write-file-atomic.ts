import { FunhashError, xxHash32 } from '@funhash/hashing';
import { nodeModule, systemRemedies } from '@funhash/hashing/node';
import { ModelFileError } from '../container/model-file-error.ts';

/** Temporary files that another machine, or a process of the same number, may still be writing are left for so long. */
const oldMs = 24 * 60 * 60 * 1000;
const mostLinks = 40;
const renameAttempts = 6;
/** `.funhash-<machine>-<process>-<random>.tmp`: short, whatever the name of the file. */
const temporaryName = /^\.funhash-([0-9a-f]{8})-(\d{1,10})-[0-9a-f]{12}\.tmp$/;

/** Whether a file of this name is one that `writeFileAtomic` writes on the way, or that a killed process left of it. */
export const isTemporaryFile = (name: string): boolean => temporaryName.test(name);

/**
 * Writes a file, of bytes or of parts that are made one after the other, as a whole or not at all: a temporary file in the same
 * folder, flushed to the disk, then renamed, then the folder flushed. A failure leaves the old file as it was and no other one. Links are followed, those that lead nowhere
 * too; the permissions of an old file stay, its owner where the system lets them. What processes left behind that were
 * killed while writing is removed from the folder: temporary files of processes that are no more, and others after a day.
 * Node only.
 *
 * The npm library of this name takes a short write, as on a full disk, for success, and is CommonJS: hence our own.
 *
 * @returns bytes written
 * @throws ModelFileError whose cause is the error of the file system
 */
export async function writeFileAtomic(
  path: string,
  bytes: Uint8Array | Iterable<Uint8Array>,
): Promise<number> {
  const { open, rm } = nodeModule('node:fs/promises');
  const { dirname, join } = nodeModule('node:path');
  let temporary: string | undefined;
  let written = 0;
  try {
    const target = await targetOf(path);
    const folder = dirname(target);
    const old = await oldFile(target, path);
    await removeLeftovers(folder);
    const candidate = join(folder, newTemporaryName());
    // Others may not read what is being written where they may not read the old file.
    const handle = await open(candidate, 'wx', old === undefined ? 0o666 : 0o600);
    temporary = candidate;
    try {
      for (const part of bytes instanceof Uint8Array ? [bytes] : bytes) {
        await handle.writeFile(part);
        written += part.length;
      }
      if (old !== undefined) {
        await handle.chown(old.uid, old.gid).catch(() => undefined);
        await handle.chmod(old.mode & 0o7777);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await renamed(temporary, target);
    await flushFolder(folder);
    return written;
  } catch (cause) {
    if (temporary !== undefined) await rm(temporary, { force: true }).catch(() => undefined);
    // What makes the parts says itself what is wrong with them.
    if (cause instanceof FunhashError) throw cause;
    throw new ModelFileError(
      {
        operation: 'writeFileAtomic',
        source: path,
        expected: 'a writable file in an existing folder with enough room',
        actual: cause instanceof Error ? cause.message : String(cause),
        remedy:
          `What was there before is unchanged. ${systemRemedies[(cause as NodeJS.ErrnoException)?.code ?? ''] ?? ''}`.trimEnd(),
      },
      { cause },
    );
  }
}

/** The path that links lead to, whether there is a file or not. */
async function targetOf(path: string): Promise<string> {
  const { readlink, realpath } = nodeModule('node:fs/promises');
  const { dirname, resolve } = nodeModule('node:path');
  let target = path;
  for (let links = 0; links < mostLinks; links++) {
    const next = await readlink(target).catch((error: NodeJS.ErrnoException) => {
      // No link, or nothing yet.
      if (error.code === 'EINVAL' || error.code === 'ENOENT' || error.code === 'UNKNOWN') return undefined;
      throw error;
    });
    if (next === undefined) return target;
    // Of the folder itself, which a link may have led to.
    target = resolve(await realpath(dirname(target)), next);
  }
  throw new ModelFileError({
    operation: 'writeFileAtomic',
    source: path,
    expected: `a path of at most ${mostLinks} links`,
    actual: 'more (ELOOP)',
    remedy: systemRemedies.ELOOP as string,
  });
}

interface OldFile {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** The file that is replaced, if there is one. @throws ModelFileError for a folder, a pipe or a device */
async function oldFile(target: string, source: string): Promise<OldFile | undefined> {
  const { stat } = nodeModule('node:fs/promises');
  const found = await stat(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined || found.isFile()) return found;
  throw new ModelFileError({
    operation: 'writeFileAtomic',
    source,
    expected: 'a file, or nothing yet',
    actual: found.isDirectory() ? 'a folder' : 'a pipe or a device',
    remedy: 'Name a file: a rename would put it in the place of what is there.',
  });
}

const machine = (): string => {
  const name = new TextEncoder().encode(nodeModule('node:os').hostname());
  return xxHash32(name, 0).toString(16).padStart(8, '0');
};

function newTemporaryName(): string {
  const random = globalThis.crypto.randomUUID().slice(-12);
  return `.funhash-${machine()}-${process.pid}-${random}.tmp`;
}

async function removeLeftovers(folder: string): Promise<void> {
  const { readdir, rm, stat } = nodeModule('node:fs/promises');
  const { join } = nodeModule('node:path');
  const names = await readdir(folder).catch((): string[] => []);
  for (const name of names) {
    const [, host, pid] = temporaryName.exec(name) ?? [];
    if (pid === undefined) continue;
    const path = join(folder, name);
    const isDead = host === machine() && !isAlive(Number(pid));
    const isOld = async () => Date.now() - (await stat(path)).mtimeMs > oldMs;
    if (isDead || (await isOld().catch(() => false))) await rm(path, { force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Windows refuses for a moment while another program has the old file open. */
async function renamed(from: string, to: string): Promise<void> {
  const { rename } = nodeModule('node:fs/promises');
  for (let attempt = 1; ; attempt++) {
    try {
      return await rename(from, to);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      const mayPass = process.platform === 'win32' && ['EACCES', 'EBUSY', 'EPERM'].includes(code);
      if (!mayPass || attempt === renameAttempts) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10 * 2 ** attempt));
    }
  }
}

/** So that the new name outlives a loss of power. Systems that cannot do it keep their own promise. */
async function flushFolder(folder: string): Promise<void> {
  const { open } = nodeModule('node:fs/promises');
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
