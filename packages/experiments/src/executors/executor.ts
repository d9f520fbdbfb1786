import type { RunEvent } from '../run/run-event.ts';
import { runTraining } from '../run/run-training.ts';
import type { RunRequest } from '../spec/run-spec.ts';
import { openFolder } from '../store/run-folder.ts';

export interface ExecuteOptions {
  /** Folder of the run, on a disk that the worker has too; a run that is there goes on. Default: nothing is written. */
  readonly folder?: string;
  readonly signal?: AbortSignal;
}

/**
 * A place where runs are carried out: this thread, other threads, or a queue that other machines read. A spec is all that a
 * worker needs; what it answers is JSON.
 */
export interface Executor {
  run(spec: RunRequest, options?: ExecuteOptions): AsyncIterable<RunEvent>;
  close(): Promise<void>;
}

/** Carries out runs in this thread. */
export const inThisThread: Executor = {
  run: (spec, { folder, signal } = {}) =>
    runTraining(spec, {
      ...(signal && { signal }),
      ...(folder !== undefined && { folder: () => openFolder(folder) }),
    }),
  close: async () => {},
};
