import { workerText } from './worker-text.ts';

/** A worker that was asked to start. */
export interface StartedWorker {
  /** Ends it. */
  terminate(): void;
  /** Tells whether it runs: false where a policy of the page, or the system, refused it. */
  readonly runs: Promise<boolean>;
}

/** True where workers can share a memory: in Node, and in pages that are cross-origin isolated. */
export function canShareMemory(): boolean {
  const { crossOriginIsolated } = globalThis as { crossOriginIsolated?: boolean };
  return typeof SharedArrayBuffer === 'function' && crossOriginIsolated !== false;
}

/** True in Node, where nothing forbids workers: whether they start need not be waited for. */
export function inNode(): boolean {
  return globalThis.process?.getBuiltinModule !== undefined;
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
export function startWorker(memory: WebAssembly.Memory, control: number): StartedWorker {
  try {
    return startInNode({ memory, control }) ?? startInPage({ memory, control });
  } catch {
    return { terminate: () => {}, runs: Promise.resolve(false) };
  }
}

interface WorkerData {
  readonly memory: WebAssembly.Memory;
  readonly control: number;
}

function startInNode(workerData: WorkerData): StartedWorker | undefined {
  const node = typeof process === 'object' ? process.getBuiltinModule?.('node:worker_threads') : undefined;
  if (!node) return undefined;
  // Without the loaders and the environment of this process, which would only delay its start.
  const worker = new node.Worker(workerText, { eval: true, workerData, execArgv: [], env: {} });
  const runs = new Promise<boolean>((resolve) => {
    worker.on('message', () => resolve(true));
    worker.on('error', () => resolve(false));
  });
  worker.unref();
  return { terminate: () => void worker.terminate(), runs };
}

function startInPage(workerData: WorkerData): StartedWorker {
  const url = URL.createObjectURL(new Blob([workerText], { type: 'text/javascript' }));
  const worker = new Worker(url);
  const runs = new Promise<boolean>((resolve) => {
    worker.onmessage = () => resolve(true);
    worker.onerror = (event) => {
      event.preventDefault();
      resolve(false);
    };
  });
  worker.postMessage(workerData);
  const terminate = (): void => {
    worker.terminate();
    URL.revokeObjectURL(url);
  };
  return { terminate, runs };
}
