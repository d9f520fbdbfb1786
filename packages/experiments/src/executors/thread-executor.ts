import { availableParallelism } from 'node:os';
import { canonicalJson } from '@funhash/codec';
import type { Dataset, Samples } from '@funhash/datasets';
import type { RunEvent } from '../run/run-event.ts';
import { type DataSpec, type RunRequest, runSpec } from '../spec/run-spec.ts';
import { FolderBusyError, releaseOf } from '../store/owner.ts';
import { EventQueue } from './event-queue.ts';
import type { Executor } from './executor.ts';
import { workerPool } from './worker-pool.ts';

export interface ThreadOptions {
  /** Runs side by side. Default: as many as cores. */
  readonly threads?: number;
  /** Data sets that the workers read from this thread's memory instead of loading them. */
  readonly loaded?: readonly { readonly data: DataSpec; readonly samples: Dataset }[];
}

/** A run as it is given to a worker thread. */
export interface ThreadJob {
  readonly spec: RunRequest;
  readonly folder: string | undefined;
}

/** Data sets in shared memory, by the canonical text of what names them. */
export type SharedData = ReadonlyMap<string, Dataset>;

/** What names a data set among those in shared memory. */
export const dataKey = (data: DataSpec): string => canonicalJson(data, { maxDepth: 2, maxValues: 64 });

/** Carries out runs in worker threads, each on a backend of its own. */
export function threadExecutor({
  threads = availableParallelism(),
  loaded = [],
}: ThreadOptions = {}): Executor {
  const shared: SharedData = new Map(
    loaded.map(({ data, samples }) => [dataKey(data), inSharedMemory(samples)]),
  );
  const pool = workerPool<ThreadJob, RunEvent, null>({
    entry: new URL(import.meta.url.endsWith('.ts') ? './run.worker.ts' : './run.worker.js', import.meta.url),
    workerData: shared,
    threads,
    // Who waits for a folder tells this one from others.
    errors: [FolderBusyError],
  });
  return {
    run: async function* (request, { folder, signal } = {}) {
      // What cannot be is refused here, with the class of its error.
      const spec = runSpec(request);
      const events = new EventQueue<RunEvent>();
      const left = new AbortController();
      pool
        .run(
          { spec, folder },
          {
            onEvent: (event) => events.push(event),
            onDeath: async (thread) => (folder === undefined ? undefined : releaseOf(folder, thread)),
            signal: signal ? AbortSignal.any([signal, left.signal]) : left.signal,
          },
        )
        .then(
          () => events.end(),
          (error: unknown) => events.end({ error }),
        );
      try {
        yield* events;
      } finally {
        left.abort();
      }
    },
    close: () => pool.close(),
  };
}

function inSharedMemory<D extends Dataset>(data: D): D {
  return { ...data, train: sharedSamples(data.train), test: sharedSamples(data.test) };
}

// Every worker reads the same samples: none has a copy of its own.
function sharedSamples({ inputs, labels, targets, ...samples }: Samples): Samples {
  return {
    ...samples,
    inputs: inShared(inputs),
    ...(labels && { labels: inShared(labels) }),
    ...(targets && { targets: inShared(targets) }),
  };
}

function inShared<A extends Uint8Array | Float32Array | Int32Array>(values: A): A {
  const bytes = new SharedArrayBuffer(values.byteLength);
  const copy = new (values.constructor as new (bytes: SharedArrayBuffer) => A)(bytes);
  copy.set(values);
  return copy;
}
