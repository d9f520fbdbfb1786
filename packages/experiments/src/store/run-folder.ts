import { appendFile, mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isTemporaryFile, writeFileAtomic } from '@funhash/codec';
import { SpecError } from '../errors.ts';
import { atPath } from '../files/file-fault.ts';
import { FolderBusyError, isOwnerFile, takeOwnership } from './owner.ts';

/** Names of the files of a run. */
export const runFiles = {
  spec: 'spec.json',
  images: 'images.json',
  metrics: 'metrics.jsonl',
  checkpoint: 'checkpoint.safetensors',
  model: 'model.safetensors',
  result: 'summary.json',
} as const;

/** A folder into which this process alone writes, until it gives it up. */
export interface RunFolder {
  readonly path: string;
  /** Path of a file in it. */
  file(name: string): string;
  writeJson(name: string, value: unknown): Promise<void>;
  write(name: string, contents: string | Uint8Array): Promise<void>;
  /** Adds one line of JSON. */
  append(name: string, value: unknown): Promise<void>;
  /** Lets others write into it; one that was made for this and is empty still goes. */
  release(): Promise<void>;
}

/**
 * Makes the folder of a new run; one that is there and empty will do.
 *
 * @throws SpecError where it has files: nothing is overwritten; FolderBusyError where another process has it; FileError
 * where it cannot be made
 */
export async function newFolder(path: string): Promise<RunFolder> {
  const isMade = await makeExclusively(path);
  if (!isMade) await requireEmpty(path);
  const folder = await owned(path, isMade);
  try {
    if (!isMade) await requireEmpty(path);
  } catch (error) {
    await folder.release();
    throw error;
  }
  return folder;
}

/** Makes a folder that nobody else has: `<parent>/<name>`, or with -2, -3, … after it. */
export async function newFolderIn(parent: string, name: string): Promise<RunFolder> {
  for (let k = 1; ; k++) {
    const path = join(parent, k === 1 ? name : `${name}-${k}`);
    if (!(await makeExclusively(path))) continue;
    try {
      return await owned(path, true);
    } catch (error) {
      // Someone asked for this very path a moment after it was made.
      if (!(error instanceof FolderBusyError)) throw error;
    }
  }
}

/**
 * Opens the folder of a run, or makes it, to begin or go on. What a process that was killed left half-written is deleted.
 *
 * @throws FolderBusyError where another process works on it; FileError where it cannot be used
 */
export async function openFolder(path: string): Promise<RunFolder> {
  return owned(path, await makeExclusively(path));
}

/** @throws SpecError where the path cannot become a new run's folder, as far as can be told before it is made */
export async function requireEmpty(path: string): Promise<void> {
  const contents = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new SpecError({
      operation: 'run folder',
      expected: 'a new or an empty folder',
      actual: error.message,
      remedy: 'Name another path.',
    });
  });
  const files = contents.filter((name) => !isOwnerFile(name) && !isLeftover(name));
  if (files.length > 0)
    throw new SpecError({
      operation: 'run folder',
      expected: 'a new or an empty folder',
      actual: `${path} with ${files.length} files`,
      remedy: 'Name another, or go on with the run that is there.',
    });
}

async function owned(path: string, isMade: boolean): Promise<RunFolder> {
  const giveUp = await takeOwnership(path);
  const release = async (): Promise<void> => {
    await giveUp();
    // One with files in it stays.
    if (isMade) await rmdir(path).catch(() => undefined);
  };
  try {
    await deleteLeftovers(path);
  } catch (error) {
    await release();
    throw error;
  }
  const file = (name: string): string => join(path, name);
  const write = async (name: string, contents: string | Uint8Array): Promise<void> => {
    await writeFileAtomic(
      file(name),
      typeof contents === 'string' ? new TextEncoder().encode(contents) : contents,
    );
  };
  return {
    path,
    file,
    write,
    writeJson: (name, value) => write(name, `${JSON.stringify(value, null, 2)}\n`),
    append: (name, value) =>
      atPath(file(name), 'write', 'a file that grows by a line', () =>
        appendFile(file(name), `${JSON.stringify(value)}\n`),
      ),
    release,
  };
}

/** Whether a file is what a process left that was killed while it wrote another. */
const isLeftover = (name: string): boolean =>
  isTemporaryFile(name) || /\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/.test(name);

async function deleteLeftovers(path: string): Promise<void> {
  await atPath(path, 'run folder', 'a folder to write into', async () => {
    for (const name of (await readdir(path)).filter(isLeftover)) await rm(join(path, name), { force: true });
  });
}

/** Whether the folder was made by this call: of several that ask at once, one is told so. */
async function makeExclusively(path: string): Promise<boolean> {
  return atPath(path, 'run folder', 'a folder that can be made', async () => {
    await mkdir(dirname(path), { recursive: true });
    return mkdir(path).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') return false;
        throw error;
      },
    );
  });
}
