import { randomUUID } from 'node:crypto';
import { link, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { FunhashError } from '@funhash/hashing';
import { atPath } from '../files/file-fault.ts';
import { readTextIfThere } from '../files/read-text.ts';
import { type ProcessIdentity, processIn, stateOf, thisProcess } from './process-identity.ts';

/** A folder on which another process is at work. */
export class FolderBusyError extends FunhashError {}

/** Who has a folder: `busy` with the process in words, `abandoned` by one that died, or `free`. */
export interface Ownership {
  readonly state: 'busy' | 'abandoned' | 'free';
  readonly owner?: string;
}

const pattern = /^owner-(\d{1,15})\.json$/;
const nameOf = (generation: number): string => `owner-${generation}.json`;
const generationsIn = async (path: string): Promise<number[]> =>
  (await readdir(path)).flatMap((name) => (pattern.test(name) ? [Number(pattern.exec(name)?.[1])] : []));

/** Whether a file of a folder tells who works on it. */
export const isOwnerFile = (name: string): boolean => pattern.test(name);

/**
 * Makes this process the one that writes into a folder. Where the owner died, the next generation takes over: the
 * files are numbered and made exclusively, so that of several heirs one wins.
 *
 * @returns gives the folder up
 * @throws FolderBusyError where another works on it, or where that cannot be told; FileError where the folder cannot be used
 */
export async function takeOwnership(path: string): Promise<() => Promise<void>> {
  return atPath(path, 'run folder', 'a folder to write into', async () => {
    const self = await thisProcess();
    const older = await generationsIn(path);
    for (const generation of older) await requireGone(path, generation, self);
    const generation = older.reduce((most, one) => Math.max(most, one), 0) + 1;
    const own = join(path, nameOf(generation));
    if (!(await writeExclusively(own, JSON.stringify(self))))
      throw busy(path, generation, 'another process, just now');
    const release = (): Promise<void> => rm(own, { force: true });
    try {
      // One that looked before the dead one was replaced may have made a file of its own meanwhile.
      for (const other of await generationsIn(path))
        if (other !== generation) await requireGone(path, other, self);
    } catch (error) {
      await release();
      throw error;
    }
    for (const gone of older) await rm(join(path, nameOf(gone)), { force: true });
    return release;
  });
}

/** Gives a folder up for a thread of this process that died. */
export async function releaseOf(path: string, thread: number): Promise<void> {
  for (const generation of await generationsIn(path).catch(() => [])) {
    const owner = identityIn(await readTextIfThere(join(path, nameOf(generation))));
    if (owner?.pid === process.pid && owner.host === hostname() && owner.thread === thread)
      await rm(join(path, nameOf(generation)), { force: true });
  }
}

/** Who has a folder. */
export async function ownershipOf(path: string): Promise<Ownership> {
  return atPath(path, 'run folder', 'a readable folder', async () => {
    const self = await thisProcess();
    const generations = await generationsIn(path);
    for (const generation of generations) {
      const owner = await ownerOf(path, generation, self);
      if (owner !== undefined) return { state: 'busy', owner };
    }
    return { state: generations.length > 0 ? 'abandoned' : 'free' };
  });
}

/** Writes a new file that others see whole or not at all. @returns false where one is there */
async function writeExclusively(path: string, text: string): Promise<boolean> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, text, { flag: 'wx' });
    await link(temporary, path).catch(async (error: NodeJS.ErrnoException) => {
      // Disks without links: the file is empty for a moment, which others take for a living owner.
      if (error.code === 'EEXIST') throw error;
      await writeFile(path, text, { flag: 'wx' }).catch(async (failure: NodeJS.ErrnoException) => {
        // An empty file would stand for an owner that never was.
        if (failure.code !== 'EEXIST') await rm(path, { force: true });
        throw failure;
      });
    });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function requireGone(path: string, generation: number, self: ProcessIdentity): Promise<void> {
  const owner = await ownerOf(path, generation, self);
  if (owner !== undefined) throw busy(path, generation, owner);
}

/** Who has the folder, in words; undefined where the file is gone or its process has ended. */
async function ownerOf(path: string, generation: number, self: ProcessIdentity): Promise<string | undefined> {
  const text = await readTextIfThere(join(path, nameOf(generation)));
  if (text === undefined) return undefined;
  const owner = identityIn(text);
  if (owner === undefined) return 'a process that left no name';
  const state = await stateOf(owner, self);
  if (state === 'gone') return undefined;
  const { pid, host, began } = owner;
  const where = state === 'unknown' ? ', which cannot be asked from here' : '';
  return `process ${pid} of ${host}, since ${new Date(began).toISOString()}${where}`;
}

function identityIn(text = ''): ProcessIdentity | undefined {
  try {
    return processIn(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function busy(path: string, generation: number, owner: string): FolderBusyError {
  return new FolderBusyError({
    operation: `run folder ${path}`,
    expected: 'a folder on which nobody works',
    actual: owner,
    remedy: `If that process is gone, delete ${join(path, nameOf(generation))}.`,
  });
}
