import {
  type Executor,
  FolderBusyError,
  type RunEvent,
  runStore,
  threadExecutor,
} from '@funhash/experiments';
import { FunhashError } from '@funhash/hashing';
import { DelayedError, type Job, Worker } from 'bullmq';
import { confinedSpec } from './confined-spec.ts';
import { faultOf, type QueueAddress } from './connection.ts';
import { isKept, type RunAnswer, type RunJob } from './job.ts';

export interface WorkerOptions {
  readonly address: QueueAddress;
  /** Folder of the runs; workers that share it go on with the runs of those that were killed. */
  readonly store: string;
  /** Folder below which the files are that runs may read. Default: the working directory. */
  readonly dataRoot?: string;
  /** Runs side by side. Default 1. */
  readonly threads?: number;
  /** Milliseconds after which a worker that says nothing has lost its run. Default 10 000; shorter in tests only. */
  readonly lockMs?: number;
  /** Told what happens, in a line each. */
  readonly onNote?: (message: string) => void;
  /** The executor that carries runs out. Default: worker threads. */
  readonly executor?: Executor;
}

/** A worker of a queue. */
export interface QueueWorker {
  /** Ends it: runs under way save a checkpoint and go back to the queue. */
  close(): Promise<void>;
}

/** Milliseconds after which a run is tried again that somebody else works on. */
const busyMs = 2000;

/**
 * Takes runs from a queue until it is closed. Each is carried out in a thread, so that the lock on it is renewed meanwhile;
 * a thread ends with its process, as a child process would not. Who loses the lock gives the run up at once.
 */
export function queueWorker({
  address,
  store: path,
  dataRoot = '.',
  threads = 1,
  lockMs = 10_000,
  onNote = () => {},
  executor = threadExecutor({ threads }),
}: WorkerOptions): QueueWorker {
  const store = runStore(path);
  const closing = new AbortController();

  async function carryOut(
    job: Job<RunJob, RunAnswer>,
    token: string | undefined,
    lost: AbortSignal | undefined,
  ): Promise<RunAnswer> {
    const signal = AbortSignal.any([closing.signal, ...(lost ? [lost] : [])]);
    const later = async (ms: number): Promise<never> => {
      await job.moveToDelayed(Date.now() + ms, token);
      throw new DelayedError();
    };
    if (signal.aborted) return later(1);
    const spec = await confinedSpec(job.data?.spec, dataRoot);
    const events: RunEvent[] = [];
    let told = 0;
    try {
      for await (const event of store.run(spec, { executor, signal })) {
        if (!isKept(event)) continue;
        events.push(event);
        // One a second: each is kept by the server.
        if (event.type === 'epoch' && Date.now() - told >= 1000) {
          told = Date.now();
          await job.updateProgress(event);
        }
      }
    } catch (error) {
      if (error instanceof FolderBusyError) return later(busyMs);
      if (!signal.aborted) throw error;
    }
    if (signal.aborted && !events.some(({ type }) => type === 'result')) return later(1);
    onNote(`run ${job.id}: ${events.at(-1)?.type === 'result' ? 'done' : 'ended'}`);
    return { events };
  }

  const worker = new Worker<RunJob, RunAnswer>(
    address.name,
    async (job, token, signal) => {
      try {
        return await carryOut(job, token, signal as AbortSignal | undefined);
      } catch (error) {
        if (error instanceof DelayedError) throw error;
        const message = error instanceof Error ? error.message : String(error);
        onNote(`run ${job.id} failed: ${message}`);
        // Only what funhash says goes back: other errors hold what the client knows.
        throw error instanceof FunhashError ? new Error(message) : new Error(message.slice(0, 500));
      }
    },
    {
      connection: address.connection,
      concurrency: threads,
      lockDuration: lockMs,
      stalledInterval: Math.ceil(lockMs / 2),
      maxStalledCount: 5,
    },
  );
  let lastTrouble = '';
  worker.on('error', (error) => {
    const { message } = faultOf(error, address);
    if (message !== lastTrouble) onNote(message);
    lastTrouble = message;
  });
  worker.on('lockRenewalFailed', (ids: string[]) => {
    for (const id of ids) worker.cancelJob(id);
  });
  return {
    close: async () => {
      closing.abort();
      await worker.close();
      await executor.close();
    },
  };
}
