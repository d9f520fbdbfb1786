import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { FunhashError } from '@funhash/hashing';

/** A folder on which another process is at work. */
export class FolderBusyError extends FunhashError {}

interface Owner {
  readonly pid: number;
  readonly host: string;
  /** When the process began, in ms: numbers of processes come again. */
  readonly began: number;
}

const pattern = /^owner-(\d+)\.json$/;
const nameOf = (generation: number): string => `owner-${generation}.json`;
const generationsIn = async (path: string): Promise<number[]> =>
  (await readdir(path)).flatMap((name) => (pattern.test(name) ? [Number(pattern.exec(name)?.[1])] : []));

/** Whether a file of a folder tells who works on it. */
export const isOwnerFile = (name: string): boolean => pattern.test(name);

const self = (): Owner => ({
  pid: process.pid,
  host: hostname(),
  began: Math.round(Date.now() - 1000 * process.uptime()),
});

/**
 * Makes this process the one that writes into a folder. Where the owner died, the next generation takes over: the
 * files are numbered and made exclusively, so that of several heirs one wins.
 *
 * @returns gives the folder up
 * @throws FolderBusyError where another works on it
 */
export async function takeOwnership(path: string): Promise<() => Promise<void>> {
  const older = await generationsIn(path);
  for (const generation of older) await requireDead(path, generation);
  const generation = Math.max(0, ...older) + 1;
  const own = join(path, nameOf(generation));
  await writeFile(own, JSON.stringify(self()), { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EEXIST' ? busy(path, generation, 'another process') : error;
  });
  const release = (): Promise<void> => rm(own, { force: true });
  try {
    // One that looked before the dead one was replaced may have made a file of its own meanwhile.
    for (const other of await generationsIn(path)) if (other !== generation) await requireDead(path, other);
  } catch (error) {
    await release();
    throw error;
  }
  for (const dead of older) await rm(join(path, nameOf(dead)), { force: true });
  return release;
}

/** Whether a process works on a folder. */
export async function hasOwner(path: string): Promise<boolean> {
  for (const generation of await generationsIn(path)) if (await livingOwner(path, generation)) return true;
  return false;
}

async function requireDead(path: string, generation: number): Promise<void> {
  const owner = await livingOwner(path, generation);
  if (owner !== undefined) throw busy(path, generation, owner);
}

/** Who lives, in words; undefined where the file is gone or its process has ended. */
async function livingOwner(path: string, generation: number): Promise<string | undefined> {
  const text = await readFile(join(path, nameOf(generation)), 'utf8').catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    },
  );
  if (text === undefined) return undefined;
  let owner: Owner;
  try {
    owner = JSON.parse(text) as Owner;
  } catch {
    // Made, and not yet written.
    return 'another process';
  }
  const { pid, host, began } = owner;
  return isAlive(owner) ? `process ${pid} of ${host}, since ${new Date(began).toISOString()}` : undefined;
}

function isAlive({ pid, host, began }: Owner): boolean {
  const { pid: ownPid, host: ownHost, began: ownBegan } = self();
  // Other machines cannot be asked.
  if (host !== ownHost) return true;
  if (pid === ownPid) return Math.abs(began - ownBegan) < 5000;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
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
