import { appendFile, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '@funhash/codec';
import { SpecError } from '../errors.ts';
import { isOwnerFile, takeOwnership } from './owner.ts';

/** Names of the files of a run. */
export const runFiles = {
  spec: 'spec.json',
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
  /** Lets others write into it. */
  release(): Promise<void>;
}

/**
 * Makes the folder of a new run; one that is there and empty will do.
 *
 * @throws SpecError where it has files: nothing is overwritten; FolderBusyError where another process has it
 */
export async function newFolder(path: string): Promise<RunFolder> {
  const isMade = await makeExclusively(path);
  if (!isMade) await requireEmpty(path);
  const folder = await owned(path);
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
    if (await makeExclusively(path)) return owned(path);
  }
}

/**
 * Opens the folder of a run, or makes it, to begin or go on.
 *
 * @throws FolderBusyError where another process works on it
 */
export async function openFolder(path: string): Promise<RunFolder> {
  await makeExclusively(path);
  return owned(path);
}

/** @throws SpecError where the path cannot become a new run's folder, as far as can be told before it is made */
export async function requireEmpty(path: string): Promise<void> {
  const contents = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new SpecError({ operation: 'run folder', expected: 'a folder', actual: error.message });
  });
  const files = contents.filter((name) => !isOwnerFile(name));
  if (files.length > 0)
    throw new SpecError({
      operation: 'run folder',
      expected: 'a new or an empty folder',
      actual: `${path} with ${files.length} files`,
      remedy: 'Name another, or go on with the run that is there.',
    });
}

/** Text of a file; undefined where it is absent. */
export async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/** Size of a file in bytes; undefined where it is absent. */
export async function sizeIfThere(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}

async function owned(path: string): Promise<RunFolder> {
  const release = await takeOwnership(path);
  const file = (name: string): string => join(path, name);
  const write = (name: string, contents: string | Uint8Array): Promise<void> =>
    writeFileAtomic(file(name), typeof contents === 'string' ? new TextEncoder().encode(contents) : contents);
  return {
    path,
    file,
    write,
    writeJson: (name, value) => write(name, `${JSON.stringify(value, null, 2)}\n`),
    append: (name, value) => appendFile(file(name), `${JSON.stringify(value)}\n`),
    release,
  };
}

/** Whether the folder was made by this call: of several that ask at once, one is told so. */
async function makeExclusively(path: string): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true });
  return mkdir(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false;
      throw error;
    },
  );
}
