import { Worker } from 'node:worker_threads';
import { type ErrorDetails, FunhashError } from '@funhash/hashing';

/** What a worker is told. */
export type WorkerOrder<Job> = { readonly type: 'job'; readonly job: Job } | { readonly type: 'abort' };

/** What a worker says about the job that it was given. */
export type WorkerMessage<Event, Result> =
  | { readonly type: 'event'; readonly event: Event }
  | { readonly type: 'done'; readonly result: Result }
  | {
      readonly type: 'failed';
      readonly error: Error;
      /** Details of a foreseen error: on its way between threads an error loses its class. */
      readonly details: ErrorDetails | undefined;
    };

export interface PoolOptions {
  /** The worker's module, `.ts` in the repository and `.js` as published. */
  readonly entry: URL;
  readonly workerData: unknown;
  readonly threads: number;
}

export interface JobOptions<Event> {
  onEvent?(event: Event): void;
  /** Takes a waiting job back, and tells the worker of one under way. */
  readonly signal?: AbortSignal;
}

/** Worker threads that take one job after the other. */
export interface WorkerPool<Job, Event, Result> {
  /** Runs a job as soon as a worker is free, in the order of the calls. */
  run(job: Job, options?: JobOptions<Event>): Promise<Result>;
  /** Ends the threads at once; jobs under way fail. */
  close(): Promise<void>;
}

/**
 * Starts worker threads when they are first needed; each is given `workerData`, receives WorkerOrder as messages and
 * answers with WorkerMessage.
 */
export function workerPool<Job, Event, Result>({
  entry,
  workerData,
  threads,
}: PoolOptions): WorkerPool<Job, Event, Result> {
  const workers: Worker[] = [];
  const idle: Worker[] = [];
  const waiting: ((worker: Worker) => void)[] = [];

  async function freeWorker(signal: AbortSignal | undefined): Promise<Worker> {
    signal?.throwIfAborted();
    const free = idle.pop();
    if (free) return free;
    if (workers.length < threads) {
      const worker = startWorker(entry, workerData);
      workers.push(worker);
      return worker;
    }
    return new Promise((resolve, reject) => {
      const take = (worker: Worker): void => {
        signal?.removeEventListener('abort', leave);
        resolve(worker);
      };
      const leave = (): void => {
        waiting.splice(waiting.indexOf(take), 1);
        reject(signal?.reason);
      };
      waiting.push(take);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  function release(worker: Worker): void {
    const next = waiting.shift();
    if (next) next(worker);
    else idle.push(worker);
  }

  return {
    run: async (job, options = {}) => {
      const worker = await freeWorker(options.signal);
      try {
        return await runJob<Job, Event, Result>(worker, job, options);
      } finally {
        release(worker);
      }
    },
    close: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function runJob<Job, Event, Result>(
  worker: Worker,
  job: Job,
  { onEvent, signal }: JobOptions<Event>,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const order = (given: WorkerOrder<Job>): void => worker.postMessage(given);
    const onMessage = (message: WorkerMessage<Event, Result>): void => {
      if (message.type === 'event') {
        onEvent?.(message.event);
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
    const onAbort = (): void => order({ type: 'abort' });
    const stop = (): void => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      signal?.removeEventListener('abort', onAbort);
    };
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    order({ type: 'job', job });
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
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
