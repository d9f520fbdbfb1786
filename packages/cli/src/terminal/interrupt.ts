/** Turns the first Ctrl-C into an abort, so that work can be saved; the second ends the process as usual. */
export function onInterrupt(): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const abort = (): void => {
    process.off('SIGINT', abort);
    controller.abort();
  };
  process.on('SIGINT', abort);
  return { signal: controller.signal, release: () => void process.off('SIGINT', abort) };
}
