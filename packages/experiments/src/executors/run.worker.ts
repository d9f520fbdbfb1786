import { parentPort, workerData } from 'node:worker_threads';
import { FunhashError } from '@funhash/hashing';
import { loadData } from '../data/load-data.ts';
import type { RunEvent } from '../run/run-event.ts';
import { runTraining } from '../run/run-training.ts';
import { openFolder } from '../store/run-folder.ts';
import { dataKey, type SharedData, type ThreadJob } from './thread-executor.ts';
import type { WorkerMessage, WorkerOrder } from './worker-pool.ts';

const shared = workerData as SharedData;
const port = parentPort as NonNullable<typeof parentPort>;
const post = (message: WorkerMessage<RunEvent, null>): void => port.postMessage(message);
let current = new AbortController();

port.on('message', (order: WorkerOrder<ThreadJob>) => {
  if (order.type === 'abort') {
    current.abort();
    return;
  }
  current = new AbortController();
  void carryOut(order.job, current.signal);
});

async function carryOut({ spec, folder }: ThreadJob, signal: AbortSignal): Promise<void> {
  try {
    const events = runTraining(spec, {
      signal,
      load: async (data) => shared.get(dataKey(data)) ?? loadData(data),
      ...(folder !== undefined && { folder: () => openFolder(folder) }),
    });
    for await (const event of events) post({ type: 'event', event });
    post({ type: 'done', result: null });
  } catch (error) {
    const { name, details } = error instanceof FunhashError ? error : { name: '', details: undefined };
    post({ type: 'failed', error: error as Error, details, name });
  }
}
