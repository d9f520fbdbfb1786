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

/** A function to await between pieces of work, which frees the event loop when `everyMs` have passed since it last did. */
export function eventLoopPauses(everyMs = 50): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < everyMs) return;
    await macrotask();
    last = performance.now();
  };
}
