import { appendFile, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '@funhash/codec';
import { UsageError } from '../errors.ts';

/** A folder that holds one run: its configuration, metrics, models and summary. */
export interface RunFolder {
  readonly path: string;
  /** Path of a file in it. */
  file(name: string): string;
  writeJson(name: string, value: unknown): Promise<void>;
  write(name: string, contents: string | Uint8Array): Promise<void>;
  /** Adds one line of JSON. */
  append(name: string, value: unknown): Promise<void>;
}

/** Makes the folder of a run, as `unusedFolder` names it. */
export async function createRunFolder(path: string | undefined, name: string): Promise<RunFolder> {
  return openRunFolder(await unusedFolder(path, name));
}

/**
 * The path of a new run's folder, which is not made yet.
 *
 * @param path default: `runs/<name>-<date and time>`
 * @throws UsageError where the folder already has files: nothing is overwritten
 */
export async function unusedFolder(path: string | undefined, name: string): Promise<string> {
  const stamp = new Date().toISOString().slice(0, 19).replace('T', '-').replaceAll(':', '');
  const found = path ?? (await unused(join('runs', `${name}-${stamp}`)));
  const contents = await readdir(found).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new UsageError({ operation: '--out', expected: 'a folder', actual: error.message });
  });
  if (contents.length > 0)
    throw new UsageError({
      operation: '--out',
      expected: 'a new or an empty folder',
      actual: `${found} with ${contents.length} files`,
      remedy: 'Name another, or go on with a run by --resume.',
    });
  return found;
}

export async function openRunFolder(path: string): Promise<RunFolder> {
  await mkdir(path, { recursive: true });
  const file = (name: string): string => join(path, name);
  const write = (name: string, contents: string | Uint8Array): Promise<void> =>
    writeFileAtomic(file(name), typeof contents === 'string' ? new TextEncoder().encode(contents) : contents);
  return {
    path,
    file,
    write,
    writeJson: (name, value) => write(name, `${JSON.stringify(value, null, 2)}\n`),
    append: (name, value) => appendFile(file(name), `${JSON.stringify(value)}\n`),
  };
}

async function unused(path: string): Promise<string> {
  for (let k = 1; ; k++) {
    const candidate = k === 1 ? path : `${path}-${k}`;
    const isTaken = await stat(candidate).then(
      () => true,
      () => false,
    );
    if (!isTaken) return candidate;
  }
}
