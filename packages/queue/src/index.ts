export { confinedSpec } from './confined-spec.ts';
export { type QueueAddress, QueueError, queueAddress } from './connection.ts';
export { type QueueOptions, queueExecutor } from './queue-executor.ts';
export { type QueueWorker, queueWorker, type WorkerOptions } from './queue-worker.ts';
