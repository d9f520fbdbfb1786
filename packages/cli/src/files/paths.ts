import { constants, type Stats } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileFault, isFileFault, runFiles } from '@funhash/experiments';
import { FunhashError } from '@funhash/hashing';
import { UsageError } from '../errors.ts';

/**
 * Requires that a path which a command was given can be read: what is not there is wrong usage, whichever flag names it.
 *
 * @param flag names it in errors: `--model`
 * @throws UsageError where it is absent, no file, or may not be read
 */
export async function requireFile(flag: string, path: string): Promise<void> {
  if (isAddress(path)) return;
  const found = await statOf(flag, path);
  if (!found.isFile())
    throw new UsageError({
      operation: flag,
      expected: 'a readable file',
      actual: `${found.isDirectory() ? 'a folder' : 'something else'}: ${path}`,
    });
}

/**
 * The checkpoint that `--resume` means: a file, or that of the run in a folder.
 *
 * @throws UsageError where it is absent
 */
export async function checkpointAt(flag: string, path: string): Promise<string> {
  const found = await statOf(flag, path);
  const checkpoint = found.isDirectory() ? join(path, runFiles.checkpoint) : path;
  await requireFile(flag, checkpoint);
  return checkpoint;
}

/** Requires that a path leads to a folder. @throws UsageError */
export async function requireFolder(flag: string, path: string): Promise<void> {
  const found = await statOf(flag, path);
  if (!found.isDirectory())
    throw new UsageError({ operation: flag, expected: 'a folder', actual: `a file: ${path}` });
}

/**
 * Requires that what a command writes is not what it reads, by whatever links.
 *
 * @param which names what it reads: `the model`
 * @throws UsageError
 */
export async function requireOther(out: string, which: string, path: string): Promise<void> {
  if (out === path || (await isSameFile(out, path)))
    throw new UsageError({ operation: '--out', expected: `another file than ${which}`, actual: out });
}

async function isSameFile(a: string, b: string): Promise<boolean> {
  if (isAddress(a) || isAddress(b)) return a === b;
  const identity = async (path: string): Promise<string> => {
    const { dev, ino } = await stat(path, { bigint: true });
    return `${dev} ${ino}`;
  };
  try {
    return (await identity(a)) === (await identity(b));
  } catch {
    return false;
  }
}

const isAddress = (path: string): boolean => /^[a-z][a-z0-9+.-]+:\/\//i.test(path);

async function statOf(flag: string, path: string): Promise<Stats> {
  try {
    await access(path, constants.R_OK);
    return await stat(path);
  } catch (error) {
    throw asUsage(error, flag, path);
  }
}

/** An error of the file system as one of usage. */
export function asUsage(error: unknown, operation: string, path: string): unknown {
  if (!isFileFault(error)) return error;
  const told = fileFault(error, operation, path, 'a readable file');
  return told instanceof FunhashError ? new UsageError(told.details, { cause: error }) : told;
}
