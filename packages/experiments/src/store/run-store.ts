import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FunhashError } from '@funhash/hashing';
import { FileError } from '../errors.ts';
import { type Executor, inThisThread } from '../executors/executor.ts';
import { atPath } from '../files/file-fault.ts';
import { readTextIfThere, sizeIfThere } from '../files/read-text.ts';
import type { RunEvent, RunResult } from '../run/run-event.ts';
import {
  describeSpec,
  type RunRequest,
  type RunSpec,
  readSpec,
  runSpec,
  specHash,
} from '../spec/run-spec.ts';
import { type EpochRecord, readMetrics } from './metrics.ts';
import { ownershipOf } from './owner.ts';
import { runFiles } from './run-folder.ts';

/** A run in a folder, as lists show it. */
export interface StoredRun {
  readonly path: string;
  readonly hash: string;
  /** The spec in a few words. */
  readonly name: string;
  readonly spec: RunSpec;
  /**
   * `running` while a process works on it; `stopped` where it was interrupted and `abandoned` where its process died:
   * both can go on; `damaged` where a file of it cannot be read.
   */
  readonly state: 'finished' | 'running' | 'stopped' | 'abandoned' | 'damaged';
  /** The process that works on it. */
  readonly owner?: string;
  /** What is damaged. */
  readonly problem?: string;
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

/** The result of a finished run; undefined where there is none. @throws FileError for another file */
async function resultIn(folder: string): Promise<RunResult | undefined> {
  const path = join(folder, runFiles.result);
  const text = await readTextIfThere(path);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {}
  if (typeof value === 'object' && value !== null && 'storedCount' in value) return value as RunResult;
  throw new FileError({
    operation: 'run',
    expected: `the result of a run in ${path}`,
    actual: JSON.stringify(text.slice(0, 60)),
    remedy: 'Delete the file: the run goes on from its checkpoint, and writes it anew.',
  });
}

/** Folders of runs may hold runs of their own, as those of comparisons do. */
const deepest = 3;

/**
 * Every run below a folder, in the order of names; folders that are no runs are passed by.
 *
 * @throws FileError where the folder cannot be read
 */
export async function storedRuns(path: string, depth = deepest): Promise<StoredRun[]> {
  const entries = await atPath(path, 'runs', 'a readable folder', () =>
    readdir(path, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    }),
  );
  const own = await storedRun(path);
  const found = own ? [own] : [];
  if (depth === 0) return found;
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  for (const name of folders.sort())
    for (const run of await storedRuns(join(path, name), depth - 1)) found.push(run);
  return found;
}

/** The run in a folder; undefined where there is none. */
async function storedRun(path: string): Promise<StoredRun | undefined> {
  let spec: RunSpec;
  try {
    const text = await readTextIfThere(join(path, runFiles.spec));
    if (text === undefined) return undefined;
    spec = readSpec(text, join(path, runFiles.spec));
  } catch (error) {
    if (error instanceof FunhashError) return undefined;
    throw error;
  }
  const known = { path, hash: specHash(spec), name: describeSpec(spec), spec };
  const modelBytes = await sizeIfThere(join(path, runFiles.model));
  try {
    const [{ epochs }, result, { state, owner }] = [
      await readMetrics(path),
      await resultIn(path),
      await ownershipOf(path),
    ];
    const epoch = epochs.at(-1)?.epoch ?? 0;
    // A result of fewer epochs is that of a run which goes on.
    const isFinished = state !== 'busy' && result !== undefined && epoch >= spec.epochs;
    return {
      ...known,
      state: state === 'busy' ? 'running' : isFinished ? 'finished' : state === 'free' ? 'stopped' : state,
      ...(owner !== undefined && { owner }),
      epoch,
      bestValidation: leastError(epochs),
      result: isFinished ? result : undefined,
      modelBytes,
    };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const unknown = { epoch: 0, bestValidation: undefined, result: undefined };
    return { ...known, state: 'damaged', problem: error.message, ...unknown, modelBytes };
  }
}

function leastError(epochs: readonly EpochRecord[]): number | undefined {
  const errors = epochs.flatMap(({ validation }) => (validation ? [validation.errorRate] : []));
  return errors.length === 0 ? undefined : errors.reduce((least, error) => Math.min(least, error));
}
