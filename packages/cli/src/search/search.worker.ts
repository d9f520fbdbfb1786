import { parentPort, workerData } from 'node:worker_threads';
import { chooseBackend, type WorkerMessage, type WorkerOrder } from '@funhash/experiments';
import { FunhashError } from '@funhash/hashing';
import { type ChunkJob, type ChunkResult, campaignWorker } from '@funhash/rnn-testing';
import { loadModel } from '../files/load-model.ts';
import { searchParts } from './search-parts.ts';
import type { SearchThreadData } from './search-threads.ts';

const { model, config, data, constants } = workerData as SearchThreadData;
const port = parentPort as NonNullable<typeof parentPort>;
const ready = begin();
// A failure is told to the first job.
ready.catch(() => {});

async function begin(): Promise<(job: ChunkJob) => ChunkResult> {
  await chooseBackend(config.backend);
  const { probe, options } = searchParts(await loadModel(model), config, data, constants);
  return campaignWorker(probe, options);
}

port.on('message', (order: WorkerOrder<ChunkJob>) => {
  if (order.type === 'job') void carryOut(order.job);
});

async function carryOut(job: ChunkJob): Promise<void> {
  const post = (message: WorkerMessage<never, ChunkResult>): void => port.postMessage(message);
  try {
    post({ type: 'done', result: (await ready)(job) });
  } catch (error) {
    const details = error instanceof FunhashError ? error.details : undefined;
    post({ type: 'failed', error: error as Error, details });
  }
}
