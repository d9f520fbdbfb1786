/** Lets other work of this thread run: timers, signals, drawing. A microtask would not. */
function macrotask(): Promise<void> {
  if (typeof setImmediate === 'function') return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/**
 * A function to call between pieces of work: it gives a promise, to be awaited, where `everyMs` have passed since the event
 * loop was last free. Small steps take no longer than a promise.
 */
export function eventLoopPauses(everyMs = 50): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    if (performance.now() - last < everyMs) return undefined;
    return macrotask().then(() => {
      last = performance.now();
    });
  };
}
