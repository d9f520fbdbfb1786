import {
  type Executor,
  openFolder,
  type RunEvent,
  type RunSpec,
  runFiles,
  runSpec,
  sizeIfThere,
  specHash,
} from '@funhash/experiments';
import { type Job, Queue, QueueEvents } from 'bullmq';
import { faultOf, type QueueAddress, QueueError } from './connection.ts';
import { isKept, jobIdOf, pause, type RunAnswer, type RunJob } from './job.ts';

export interface QueueOptions {
  readonly address: QueueAddress;
  /** Names this sweep among others on the queue; who goes on with it names the same. Letters, digits and -. */
  readonly session: string;
  /** Milliseconds that the server may be away before the first run fails. Default 10 000. */
  readonly patienceMs?: number;
  /** Told of troubles that pass, in a line each. */
  readonly onTrouble?: (message: string) => void;
}

/** Most characters of a run in the queue. */
const sizeLimit = 65_536;
/** Milliseconds between looks at the jobs themselves: what the server tells by events may be lost. */
const lookEveryMs = 1000;
/** Milliseconds that the server has to say goodbye. */
const closeMs = 1000;

/**
 * Hands runs to workers through a queue on Redis or Valkey. A run is done at least once and counted once: its name in the
 * queue is the hash of its spec. A worker that is killed is replaced by another after some seconds, which goes on from the
 * last checkpoint where they share a folder. What workers find is kept in the folder of the run here, too.
 *
 * @throws QueueError, by its runs, where there is no server
 */
export function queueExecutor({ address, session, patienceMs = 10_000, onTrouble }: QueueOptions): Executor {
  const { connection, name } = address;
  const queue = new Queue<RunJob, RunAnswer>(name, { connection });
  const hints = new QueueEvents(name, { connection });
  const wakes = new Map<string, () => void>();
  const progress = new Map<string, (event: RunEvent) => void>();
  let lastTrouble = '';
  const trouble = (error: Error): void => {
    const { message } = faultOf(error, address);
    if (message !== lastTrouble) onTrouble?.(message);
    lastTrouble = message;
  };
  // Without listeners every retry prints a stack.
  queue.on('error', trouble);
  hints.on('error', trouble);
  const wake = ({ jobId }: { readonly jobId: string }): void => wakes.get(jobId)?.();
  hints.on('completed', wake);
  hints.on('failed', wake);
  hints.on('progress', ({ jobId, data }) => progress.get(jobId)?.(data as unknown as RunEvent));

  const begun = withDeadline(queue.waitUntilReady(), patienceMs, address);
  begun.catch(() => {});

  async function added(spec: RunSpec, jobId: string): Promise<Job<RunJob, RunAnswer>> {
    const known = await queue.getJob(jobId);
    // A failed run is asked for again only by who wants it again.
    if (known && (await known.isFailed())) await known.remove();
    return queue.add(
      'run',
      { spec },
      {
        jobId,
        sizeLimit,
        attempts: 1,
        removeOnComplete: { count: 100_000 },
        removeOnFail: { count: 100_000 },
      },
    );
  }

  return {
    run: async function* (request, { folder, signal } = {}) {
      const spec = runSpec(request);
      const jobId = jobIdOf(specHash(spec), session);
      await begun;
      const events: RunEvent[] = [];
      progress.set(jobId, (event) => void events.push(event));
      try {
        await added(spec, jobId);
        for (;;) {
          signal?.throwIfAborted();
          const waiting = new Promise<void>((resolve) => wakes.set(jobId, resolve));
          const job = await queue.getJob(jobId);
          if (!job) throw gone(address, jobId);
          if (job.failedReason && (await job.isFailed()))
            throw new QueueError({
              operation: `run ${specHash(spec)}`,
              expected: 'a result of a worker',
              actual: job.failedReason.slice(0, 2000),
            });
          if (job.returnvalue && (await job.isCompleted())) {
            const { events: answer } = job.returnvalue;
            if (folder !== undefined) await keep(folder, spec, answer);
            yield* answer.filter(isKept);
            return;
          }
          yield* events.splice(0);
          await Promise.race([waiting, pause(lookEveryMs, signal)]);
        }
      } catch (error) {
        if (signal?.aborted) {
          // One that nobody has begun is taken back; one under way is finished by its worker, and found there later.
          await (await queue.getJob(jobId))?.remove().catch(() => {});
          throw signal.reason;
        }
        throw error;
      } finally {
        wakes.delete(jobId);
        progress.delete(jobId);
      }
    },
    close: async () => {
      const all = [hints, queue];
      // A client that never had a server waits for it for ever.
      await Promise.race([Promise.allSettled(all.map((one) => one.close())), pause(closeMs)]);
      await Promise.race([Promise.allSettled(all.map((one) => one.disconnect())), pause(closeMs)]);
    },
  };
}

function gone({ shown }: QueueAddress, jobId: string): QueueError {
  return new QueueError({
    operation: 'queue',
    expected: `the job ${jobId} at ${shown}`,
    actual: 'none: somebody removed it, or the server forgot it',
    remedy: 'Start the server with --appendonly yes; go on with --resume.',
  });
}

/** Keeps what a worker with a disk of its own found: spec, epochs and result. One that shares this disk has done so. */
async function keep(path: string, spec: RunSpec, events: readonly RunEvent[]): Promise<void> {
  const result = events.find((event) => event.type === 'result');
  if (result?.type !== 'result' || (await sizeIfThere(`${path}/${runFiles.result}`)) !== undefined) return;
  const folder = await openFolder(path);
  try {
    const lines = events.flatMap((event) => {
      if (event.type !== 'epoch') return [];
      const { type: _, ...record } = event;
      return [`${JSON.stringify(record)}\n`];
    });
    await folder.writeJson(runFiles.spec, spec);
    await folder.write(runFiles.metrics, lines.join(''));
    await folder.writeJson(runFiles.result, result.result);
  } finally {
    await folder.release();
  }
}

async function withDeadline<T>(work: Promise<T>, ms: number, address: QueueAddress): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(faultOf(undefined, address)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
