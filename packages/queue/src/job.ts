import type { RunEvent, RunSpec } from '@funhash/experiments';

/** A run as it lies in the queue. */
export interface RunJob {
  readonly spec: RunSpec;
}

/** What a worker gives back: the events of a run that a sweep needs, as JSON. */
export interface RunAnswer {
  readonly events: readonly RunEvent[];
}

/** Kinds of events that go through the queue: those of steps would fill it. */
const kept: ReadonlySet<RunEvent['type']> = new Set(['epoch', 'end', 'result', 'notice']);

export const isKept = ({ type }: RunEvent): boolean => kept.has(type);

/** The name of a run in a queue: sweeps that were begun apart do not answer for each other. */
export const jobIdOf = (hash: string, session: string): string => `r${hash}-${session}`;

/** A wait that does not keep the process. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
  });
