import { nodeModule } from '@funhash/hashing/node';
import type { BatchRequest, BatchWorkerData } from './batch-worker.ts';
import { type BatchPlan, batchPlan } from './batches.ts';

const { parentPort, workerData } = nodeModule('node:worker_threads');
const { split, options } = workerData as BatchWorkerData;
const port = parentPort as NonNullable<typeof parentPort>;
let planned: { readonly epoch: number; readonly plan: BatchPlan } | undefined;

port.on('message', ({ epoch, step }: BatchRequest) => {
  if (planned?.epoch !== epoch) planned = { epoch, plan: batchPlan(split, { ...options, epoch }) };
  const batch = planned.plan.at(step);
  const { inputs, labels, indices } = batch;
  port.postMessage(batch, [inputs.buffer, labels.buffer, indices.buffer] as ArrayBuffer[]);
});
