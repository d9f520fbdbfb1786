import type { RunRequest } from '../spec/run-spec.ts';
import type { RunEvent } from './run-event.ts';

/** A run of a second at most: shapes drawn by seed, a net of a few units. */
export const tinyRun = {
  data: { name: 'rect', trainCount: 80, validation: 20, testCount: 20 },
  net: { widths: [8], weights: 'hashedNet:1/8' },
  epochs: 3,
  batchSize: 20,
  backend: 'reference',
} as const satisfies RunRequest;

/** All events of a run. */
export async function eventsOf(run: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of run) events.push(event);
  return events;
}

/** The last event of a kind. */
export function lastOf<T extends RunEvent['type']>(
  events: readonly RunEvent[],
  type: T,
): Extract<RunEvent, { type: T }> | undefined {
  return events.findLast((event): event is Extract<RunEvent, { type: T }> => event.type === type);
}
