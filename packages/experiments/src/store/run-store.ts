import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Executor, inThisThread } from '../executors/executor.ts';
import type { RunEvent, RunResult } from '../run/run-event.ts';
import {
  describeSpec,
  type RunRequest,
  type RunSpec,
  readSpec,
  runSpec,
  specHash,
} from '../spec/run-spec.ts';
import { readMetrics } from './metrics.ts';
import { hasOwner } from './owner.ts';
import { readIfThere, runFiles, sizeIfThere } from './run-folder.ts';

/** A run in a folder, as lists show it. */
export interface StoredRun {
  readonly path: string;
  readonly hash: string;
  /** The spec in a few words. */
  readonly name: string;
  readonly spec: RunSpec;
  /** `running` while a process works on it; `stopped` where it can go on. */
  readonly state: 'finished' | 'running' | 'stopped';
  /** Epochs done. */
  readonly epoch: number;
  /** Least validation error of all epochs; undefined before the first. */
  readonly bestValidation: number | undefined;
  readonly result: RunResult | undefined;
  /** Size of the model file. */
  readonly modelBytes: number | undefined;
}

/** Runs in folders that are named by the hash of their specs. */
export interface RunStore {
  readonly path: string;
  /** Folder of a run, whether it is there or not. */
  folderOf(spec: RunRequest): string;
  /**
   * Carries out a run, or goes on with it; one that is finished gives its result at once.
   *
   * @throws FolderBusyError where another process has it
   */
  run(
    spec: RunRequest,
    options?: { readonly executor?: Executor; readonly signal?: AbortSignal },
  ): AsyncIterable<RunEvent>;
}

/** Opens a folder of runs; it is made with the first of them. */
export function runStore(path: string): RunStore {
  const folderOf = (spec: RunRequest): string => join(path, specHash(runSpec(spec)));
  return {
    path,
    folderOf,
    run: async function* (request, { executor = inThisThread, signal } = {}) {
      const spec = runSpec(request);
      const folder = folderOf(spec);
      const result = await resultIn(folder);
      if (result) yield { type: 'result', result };
      else yield* executor.run(spec, { folder, ...(signal && { signal }) });
    },
  };
}

/** The result of a finished run; undefined where there is none. */
async function resultIn(folder: string): Promise<RunResult | undefined> {
  const text = await readIfThere(join(folder, runFiles.result));
  return text === undefined ? undefined : (JSON.parse(text) as RunResult);
}

/** Folders of runs may hold runs of their own, as those of comparisons do. */
const deepest = 3;

/** Every run below a folder, in the order of names; folders that are no runs are passed by. */
export async function storedRuns(path: string, depth = deepest): Promise<StoredRun[]> {
  const own = await storedRun(path);
  if (depth === 0) return own ? [own] : [];
  const entries = await readdir(path, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const below: StoredRun[] = own ? [own] : [];
  for (const name of folders.sort()) below.push(...(await storedRuns(join(path, name), depth - 1)));
  return below;
}

/** The run in a folder; undefined where there is none that can be read. */
async function storedRun(path: string): Promise<StoredRun | undefined> {
  const text = await readIfThere(join(path, runFiles.spec)).catch(() => undefined);
  if (text === undefined) return undefined;
  let spec: RunSpec;
  try {
    spec = readSpec(text, join(path, runFiles.spec));
  } catch {
    return undefined;
  }
  const [epochs, result] = [await readMetrics(path), await resultIn(path)];
  const errors = epochs.flatMap(({ validation }) => (validation ? [validation.errorRate] : []));
  return {
    path,
    hash: specHash(spec),
    name: describeSpec(spec),
    spec,
    state: result ? 'finished' : (await hasOwner(path)) ? 'running' : 'stopped',
    epoch: epochs.at(-1)?.epoch ?? 0,
    bestValidation: errors.length > 0 ? Math.min(...errors) : undefined,
    result,
    modelBytes: await sizeIfThere(join(path, runFiles.model)),
  };
}
