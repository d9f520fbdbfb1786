import { constants } from 'node:os';

/** Signals by which people, terminals and systems end a process. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export type EndingSignal = (typeof signals)[number];

/** The exit code after a signal, as shells have it: 128 and its number. */
export const codeAfter = (signal: EndingSignal): number => 128 + constants.signals[signal];

export interface Interrupt {
  readonly signal: AbortSignal;
  /** The signal that came. */
  readonly cause: EndingSignal;
  release(): void;
}

/** Turns the first Ctrl-C, SIGTERM or SIGHUP into an abort, so that work can be saved; the second ends the process at once. */
export function onInterrupt(): Interrupt {
  const controller = new AbortController();
  let first: EndingSignal | undefined;
  const onSignal = (signal: EndingSignal): void => {
    if (first !== undefined) {
      // Progress bars hide the cursor.
      if (process.stderr.isTTY) process.stderr.write('\u001b[?25h');
      process.exit(codeAfter(signal));
    }
    first = signal;
    controller.abort();
  };
  for (const signal of signals) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    get cause() {
      return first ?? 'SIGINT';
    },
    release: () => {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
