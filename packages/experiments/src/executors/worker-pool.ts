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
      /** Name of its class. */
      readonly name?: string;
    };

/** A worker thread that ended while it had a job, or a pool that was closed. */
export class WorkerError extends FunhashError {}

export interface PoolOptions {
  /** The worker's module, `.ts` in the repository and `.js` as published. */
  readonly entry: URL;
  readonly workerData: unknown;
  readonly threads: number;
  /** Classes that errors of jobs keep on their way; others become FunhashError. */
  readonly errors?: readonly (new (
    details: ErrorDetails,
  ) => FunhashError)[];
}

export interface JobOptions<Event> {
  onEvent?(event: Event): void;
  /** Called where the thread died, with its number (`threadId`), before the job fails. */
  onDeath?(thread: number): Promise<void>;
  /** Takes a waiting job back, and tells the worker of one under way. */
  readonly signal?: AbortSignal;
}

/** Worker threads that take one job after the other. */
export interface WorkerPool<Job, Event, Result> {
  /**
   * Runs a job as soon as a worker is free, in the order of the calls. A worker that dies fails its job alone: another
   * takes its place.
   */
  run(job: Job, options?: JobOptions<Event>): Promise<Result>;
  /** Ends the threads at once; jobs under way and those that wait fail. */
  close(): Promise<void>;
}

interface Waiting {
  readonly take: (worker: Worker) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Starts worker threads when they are first needed; each is given `workerData`, receives WorkerOrder as messages and
 * answers with WorkerMessage. Workers without a job keep no process alive.
 */
export function workerPool<Job, Event, Result>({
  entry,
  workerData,
  threads,
  errors = [],
}: PoolOptions): WorkerPool<Job, Event, Result> {
  const workers = new Set<Worker>();
  const idle: Worker[] = [];
  const waiting: Waiting[] = [];
  let isClosed = false;

  function newWorker(): Worker {
    const worker = startWorker(entry, workerData);
    worker.unref();
    workers.add(worker);
    // Without a job nobody else listens, and an error would end the process.
    worker.on('error', () => {});
    worker.on('exit', () => {
      workers.delete(worker);
      const place = idle.indexOf(worker);
      if (place >= 0) idle.splice(place, 1);
    });
    return worker;
  }

  async function freeWorker(signal: AbortSignal | undefined): Promise<Worker> {
    signal?.throwIfAborted();
    if (isClosed) throw closed();
    const free = idle.pop();
    if (free) return free;
    if (workers.size < threads) return newWorker();
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        waiting.splice(waiting.indexOf(one), 1);
        reject(signal?.reason);
      };
      const settle = (): void => signal?.removeEventListener('abort', leave);
      const one: Waiting = {
        take: (worker) => {
          settle();
          resolve(worker);
        },
        fail: (error) => {
          settle();
          reject(error);
        },
      };
      waiting.push(one);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  function release(worker: Worker, isDead: boolean): void {
    if (isDead) workers.delete(worker);
    const next = isClosed ? undefined : waiting.shift();
    if (next) next.take(isDead ? newWorker() : worker);
    else if (!isDead) idle.push(worker);
  }

  async function carryOut(job: Job, options: JobOptions<Event>): Promise<Result> {
    const worker = await freeWorker(options.signal);
    // One that has ended has no number.
    const { threadId } = worker;
    let isDead = false;
    const died = (): void => {
      isDead = true;
    };
    try {
      return await runJob<Job, Event, Result>(worker, job, { ...options, errors, died });
    } catch (error) {
      if (isDead) await options.onDeath?.(threadId);
      throw isClosed && isDead ? closed() : error;
    } finally {
      release(worker, isDead);
    }
  }

  return {
    run: (job, options = {}) => awake(() => carryOut(job, options)),
    close: async () => {
      isClosed = true;
      for (const { fail } of waiting.splice(0)) fail(closed());
      await awake(() => Promise.all([...workers].map((worker) => worker.terminate())));
    },
  };
}

/** Keeps the process alive during work: `ref` and `unref` of workers do not always count right (seen in Node 20 under a loader). */
async function awake<T>(work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, 2 ** 30);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

const closed = (): WorkerError =>
  new WorkerError({ operation: 'worker pool', expected: 'an open pool', actual: 'one that was closed' });

function runJob<Job, Event, Result>(
  worker: Worker,
  job: Job,
  {
    onEvent,
    signal,
    errors,
    died: onDeath,
  }: JobOptions<Event> & Required<Pick<PoolOptions, 'errors'>> & { readonly died: () => void },
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
      else if (message.details) {
        const Foreseen = errors.find(({ name }) => name === message.name) ?? FunhashError;
        reject(new Foreseen(message.details));
      } else reject(message.error);
    };
    const onError = (error: unknown): void => {
      stop();
      onDeath();
      reject(asDeath(error));
    };
    const onExit = (code: number): void => onError(died(`code ${code}`));
    const onAbort = (): void => order({ type: 'abort' });
    const stop = (): void => {
      worker.off('message', onMessage).off('messageerror', onError).off('error', onError).off('exit', onExit);
      signal?.removeEventListener('abort', onAbort);
    };
    worker.on('message', onMessage).on('messageerror', onError).on('error', onError).on('exit', onExit);
    try {
      order({ type: 'job', job });
    } catch (error) {
      stop();
      reject(error);
      return;
    }
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** What ended a worker: foreseen where it is memory, else as it was thrown. */
function asDeath(error: unknown): unknown {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  return code === 'ERR_WORKER_OUT_OF_MEMORY' ? died('no memory left') : error;
}

function died(how: string): WorkerError {
  return new WorkerError({
    operation: 'worker thread',
    expected: 'a result',
    actual: `its end, with ${how}`,
    remedy:
      'Where memory was short, take fewer threads or smaller batches. What it had saved is there still.',
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
