import { workerText } from './worker-text.ts';

/** Ends a worker. */
export type Terminate = () => void;

/** True where workers can share a memory: in Node, and in pages that are cross-origin isolated. */
export function canShareMemory(): boolean {
  const { crossOriginIsolated } = globalThis as { crossOriginIsolated?: boolean };
  return typeof SharedArrayBuffer === 'function' && crossOriginIsolated !== false;
}

/** True where this thread may sleep: everywhere but on the main thread of a page. */
export function canSleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1);
    return true;
  } catch {
    return false;
  }
}

/**
 * Starts a worker. It says by its control block that it is there; where it fails to start it never does, and that is
 * no error: its share of the work is then done by the thread that asks for it.
 */
export function startWorker(memory: WebAssembly.Memory, control: number): Terminate {
  try {
    return startInNode({ memory, control }) ?? startInPage({ memory, control });
  } catch {
    return () => {};
  }
}

interface WorkerData {
  readonly memory: WebAssembly.Memory;
  readonly control: number;
}

function startInNode(workerData: WorkerData): Terminate | undefined {
  const node = typeof process === 'object' ? process.getBuiltinModule?.('node:worker_threads') : undefined;
  if (!node) return undefined;
  // Without the loaders and the environment of this process, which would only delay its start.
  const worker = new node.Worker(workerText, { eval: true, workerData, execArgv: [], env: {} });
  worker.on('error', () => {});
  worker.unref();
  return () => void worker.terminate();
}

function startInPage(workerData: WorkerData): Terminate {
  const url = URL.createObjectURL(new Blob([workerText], { type: 'text/javascript' }));
  const worker = new Worker(url);
  worker.postMessage(workerData);
  return () => {
    worker.terminate();
    URL.revokeObjectURL(url);
  };
}
