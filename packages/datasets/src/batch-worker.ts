import type { Worker } from 'node:worker_threads';
import { FunhashError } from '@funhash/hashing';
import { nodeModule } from '@funhash/hashing/node';
import { here, resolve } from '#here';
import { type Batch, type BatchOptions, batchPlan } from './batches.ts';
import type { Split } from './images/image-dataset.ts';

/** What the worker is given once. */
export interface BatchWorkerData {
  readonly split: Split;
  readonly options: BatchOptions;
}

/** What it is asked, and answers in the order of asking. */
export interface BatchRequest {
  readonly epoch: number;
  readonly step: number;
}

/** A thread that prepares the batches of one epoch after another. */
export interface BatchWorker {
  readonly stepsPerEpoch: number;
  /** Batches of an epoch, those that `batches` gives for it. */
  epoch(epoch: number): AsyncIterable<Batch>;
  /** Ends the thread. A thread that is not asked for anything does not keep the process alive either. */
  close(): Promise<void>;
}

/** Batches prepared before they are needed. */
const ahead = 2;

/**
 * Makes the batches of `batches`, bit for bit, in a worker thread: images are changed and scaled while the main thread trains. Node
 * only. The split is copied into the thread once, or shared where its arrays are in shared memory.
 *
 *     const worker = await batchWorker(train, { batchSize: 100, imageSize: cifar, augment: { shift: 4, flip: true } });
 *     fit({ model, data: worker.epoch, stepsPerEpoch: worker.stepsPerEpoch, … })
 *
 * @throws ArgumentError for what `batches` refuses; FunhashError where batches are asked for after the thread has ended.
 */
export async function batchWorker(split: Split, options: Omit<BatchOptions, 'epoch'>): Promise<BatchWorker> {
  const { steps } = batchPlan(split, options);
  const worker = await startWorker({ split, options });
  worker.unref();
  const waiting: { resolve(batch: Batch): void; reject(error: Error): void }[] = [];
  let failure: Error | undefined;
  // A timer keeps the process alive while a batch is awaited: `ref` of a worker does not always count in Node 20.
  let awake: ReturnType<typeof setInterval> | undefined;
  const rest = (): void => {
    clearInterval(awake);
    awake = undefined;
    worker.unref();
  };
  const fail = (error: Error): void => {
    failure ??= error;
    for (const { reject } of waiting.splice(0)) reject(failure);
    rest();
  };
  worker.on('message', (batch: Batch) => {
    waiting.shift()?.resolve(batch);
    if (waiting.length === 0) rest();
  });
  worker.on('online', () => worker.unref());
  worker.on('error', (cause) => fail(ended(`a failure, "${cause.message}"`, cause)));
  worker.on('exit', () => fail(ended('one that has ended')));

  const ask = (request: BatchRequest): Promise<Batch> => {
    const answer = new Promise<Batch>((resolve, reject) => {
      if (failure) return reject(failure);
      waiting.push({ resolve, reject });
      awake ??= setInterval(() => {}, 2 ** 30);
    });
    // It is awaited later, or never when the epoch is left early.
    answer.catch(() => {});
    worker.postMessage(request);
    return answer;
  };
  return {
    stepsPerEpoch: steps,
    async *epoch(epoch) {
      const asked: Promise<Batch>[] = [];
      for (let step = 0; step < steps + ahead; step++) {
        if (step < steps) asked.push(ask({ epoch, step }));
        if (step >= ahead) yield (await asked.shift()) as Batch;
      }
    },
    close: async () => {
      // One of its own: an answer that still comes ends the other.
      const closing = setInterval(() => {}, 2 ** 30);
      await worker.terminate();
      clearInterval(closing);
    },
  };
}

function ended(actual: string, cause?: Error): FunhashError {
  const remedy = 'Make another one by batchWorker, and close it after the last epoch.';
  return new FunhashError(
    { operation: 'batchWorker', expected: 'a thread at work', actual, remedy },
    { cause },
  );
}

async function startWorker(workerData: BatchWorkerData): Promise<Worker> {
  const { Worker } = nodeModule('node:worker_threads');
  const isSource = here?.endsWith('.ts');
  // Not the literal form that bundlers look for: a page has no use for the thread.
  const entry = new URL(isSource ? './batches.worker.ts' : './batches.worker.js', here);
  if (!isSource) return new Worker(entry, { workerData });
  // Node 20 starts a thread from JavaScript only: it loads the TypeScript loader first, then the source.
  const loader = resolve('tsx/esm/api');
  const start = `import(${JSON.stringify(loader)}).then(({ register }) => { register(); return import(${JSON.stringify(entry.href)}); });`;
  return new Worker(start, { eval: true, workerData });
}
