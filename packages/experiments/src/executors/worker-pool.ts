import { Worker } from 'node:worker_threads';
import { type ErrorDetails, FunhashError } from '@funhash/hashing';

/** What a worker says about the job that it was given. */
export type WorkerMessage<Event, Result> =
  | { readonly type: 'event'; readonly event: Event }
  | { readonly type: 'done'; readonly result: Result }
  | {
      readonly type: 'failed';
      readonly error: Error;
      /** Of a foreseen error: on its way between threads an error loses its class. */
      readonly details: ErrorDetails | undefined;
    };

export interface PoolOptions {
  /** The worker's module, `.ts` in the repository and `.js` as published. */
  readonly entry: URL;
  readonly workerData: unknown;
  readonly threads: number;
  /** Ends the workers at once. */
  readonly signal?: AbortSignal;
}

export interface JobListeners<Job, Event, Result> {
  onStart?(job: Job): void;
  onEvent?(job: Job, event: Event): void;
  onDone?(job: Job, result: Result): void;
}

/** Worker threads that take one job after the other. */
export interface WorkerPool<Job, Event, Result> {
  /** Runs jobs side by side, begun in their order; results in their order. Rejects with the first failure. */
  run(jobs: readonly Job[], listeners?: JobListeners<Job, Event, Result>): Promise<Result[]>;
  close(): Promise<void>;
}

/** Starts worker threads; each is given `workerData`, receives jobs as messages and answers with WorkerMessage. */
export function workerPool<Job, Event, Result>({
  entry,
  workerData,
  threads,
  signal,
}: PoolOptions): WorkerPool<Job, Event, Result> {
  const workers = Array.from({ length: threads }, () => startWorker(entry, workerData));
  const close = async (): Promise<void> => {
    await Promise.all(workers.map((worker) => worker.terminate()));
  };
  signal?.addEventListener('abort', () => void close(), { once: true });

  return {
    close,
    run: async (jobs, { onStart, onEvent, onDone } = {}) => {
      const results: Result[] = new Array(jobs.length);
      let next = 0;
      const serve = async (worker: Worker): Promise<void> => {
        while (next < jobs.length && !signal?.aborted) {
          const at = next++;
          const job = jobs[at] as Job;
          onStart?.(job);
          const result = await runJob<Job, Event, Result>(worker, job, (event) => onEvent?.(job, event));
          results[at] = result;
          onDone?.(job, result);
        }
      };
      try {
        await Promise.all(workers.map(serve));
      } catch (error) {
        await close();
        signal?.throwIfAborted();
        throw error;
      }
      signal?.throwIfAborted();
      return results;
    },
  };
}

function runJob<Job, Event, Result>(
  worker: Worker,
  job: Job,
  onEvent: (event: Event) => void,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: WorkerMessage<Event, Result>): void => {
      if (message.type === 'event') {
        onEvent(message.event);
        return;
      }
      stop();
      if (message.type === 'done') resolve(message.result);
      else reject(message.details ? new FunhashError(message.details) : message.error);
    };
    const onError = (error: Error): void => {
      stop();
      reject(error);
    };
    const onExit = (code: number): void => onError(new Error(`A worker thread ended with code ${code}.`));
    const stop = (): void => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
    };
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.postMessage(job);
  });
}

function startWorker(entry: URL, workerData: unknown): Worker {
  // The loaders of this thread are not those of the worker; the conditions that resolve packages must be.
  const execArgv = process.execArgv.filter(
    (arg, k, all) => arg.startsWith('--conditions') || all[k - 1] === '--conditions',
  );
  if (!entry.pathname.endsWith('.ts')) return new Worker(entry, { workerData, execArgv });
  // Node 20 starts a worker only from JavaScript: it loads the TypeScript loader first, then the sources.
  const loader = import.meta.resolve('tsx/esm/api');
  const start = `import(${JSON.stringify(loader)}).then(({ register }) => { register(); return import(${JSON.stringify(entry.href)}); });`;
  return new Worker(start, { eval: true, workerData, execArgv });
}
