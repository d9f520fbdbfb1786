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
/** Milliseconds to the first look at a job itself, for what the server tells by events may be lost, and between later ones. */
const [firstLookMs, mostLookMs] = [1000, 8000];
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
  const waits = new Map<string, Wait>();
  let lastTrouble = '';
  const trouble = (error: Error): void => {
    const { message } = faultOf(error, address);
    if (message !== lastTrouble) onTrouble?.(message);
    lastTrouble = message;
  };
  // Without listeners every retry prints a stack.
  queue.on('error', trouble);
  hints.on('error', trouble);
  hints.on('completed', ({ jobId, returnvalue }) => {
    waits.get(jobId)?.hear({ answer: answerIn(returnvalue), isDoubtful: true });
  });
  hints.on('failed', ({ jobId }) => waits.get(jobId)?.hear({ isDoubtful: true }));
  hints.on('progress', ({ jobId, data }) => {
    const wait = waits.get(jobId);
    wait?.events.push(data as unknown as RunEvent);
    wait?.hear({});
  });

  const begun = withDeadline(queue.waitUntilReady(), patienceMs, address);
  begun.catch(() => {});

  /** @returns the job that was there already, which may be done; undefined for one that was not */
  async function added(spec: RunSpec, jobId: string): Promise<Job<RunJob, RunAnswer> | undefined> {
    const known = await queue.getJob(jobId);
    // A failed run is asked for again only by who wants it again.
    const hasFailed = known !== undefined && (await known.isFailed());
    if (known && !hasFailed) return known;
    if (hasFailed) await known.remove();
    await queue.add(
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
    return undefined;
  }

  /** What a worker answered; undefined while none has. @throws QueueError for a run that failed, or is gone */
  async function look(spec: RunSpec, jobId: string): Promise<RunAnswer | undefined> {
    const job = await queue.getJob(jobId);
    if (!job) throw gone(address, jobId);
    if (job.failedReason && (await job.isFailed()))
      throw new QueueError({
        operation: `run ${specHash(spec)}`,
        expected: 'a result of a worker',
        actual: job.failedReason.slice(0, 2000),
      });
    return job.returnvalue && (await job.isCompleted()) ? job.returnvalue : undefined;
  }

  return {
    run: async function* (request, { folder, signal } = {}) {
      const spec = runSpec(request);
      const jobId = jobIdOf(specHash(spec), session);
      await begun;
      // Listens before the job is there: it may be done a moment after.
      const wait = new Wait();
      waits.set(jobId, wait);
      try {
        const known = await added(spec, jobId);
        let answer = known && (await look(spec, jobId));
        let [rest, next] = [firstLookMs, performance.now() + firstLookMs];
        while (answer === undefined) {
          await wait.untilHeard(next - performance.now(), signal);
          signal?.throwIfAborted();
          yield* wait.events.splice(0);
          answer = wait.answer;
          if (answer !== undefined || !(wait.isDoubtful || performance.now() >= next)) continue;
          wait.isDoubtful = false;
          rest = Math.min(2 * rest, mostLookMs);
          next = performance.now() + rest;
          answer = await look(spec, jobId);
        }
        if (folder !== undefined) await keep(folder, spec, answer.events);
        yield* answer.events.filter(isKept);
      } catch (error) {
        if (signal?.aborted) {
          // One that nobody has begun is taken back; one under way is finished by its worker, and found there later.
          await (await queue.getJob(jobId))?.remove().catch(() => {});
          throw signal.reason;
        }
        throw error;
      } finally {
        waits.delete(jobId);
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

/** What is heard of a job that somebody waits for. */
class Wait {
  readonly events: RunEvent[] = [];
  answer: RunAnswer | undefined;
  /** Whether the job itself must be looked at. */
  isDoubtful = false;
  #isNew = false;
  #ring = (): void => {};

  hear(heard: Partial<Pick<Wait, 'answer' | 'isDoubtful'>>): void {
    Object.assign(this, heard);
    this.#isNew = true;
    this.#ring();
  }

  /** Waits until something is heard that was not yet, for so many ms at most. */
  async untilHeard(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const rung = new Promise<void>((resolve) => {
      this.#ring = resolve;
    });
    if (!this.#isNew) {
      const over = new AbortController();
      const either = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
      await Promise.race([rung, pause(Math.max(0, ms), either)]);
      // A timer that runs on would keep the process.
      over.abort();
    }
    this.#isNew = false;
  }
}

/** What the server says that a worker answered, where it says it. */
const answerIn = (value: unknown): RunAnswer | undefined =>
  typeof value === 'object' && value !== null && Array.isArray((value as Partial<RunAnswer>).events)
    ? (value as RunAnswer)
    : undefined;

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
