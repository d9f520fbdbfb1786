import { against } from './against.ts';
import type { Host, HostOf } from './hosts.ts';
import { isRival, type LibraryName } from './libraries.ts';
import type { Task } from './task.ts';

/** A row of a table: a task of a library. */
export interface Entry {
  readonly name: string;
  readonly library: LibraryName;
  readonly task: Task;
  /** Whether it runs at the commit that is measured beside ours. */
  readonly isOther?: boolean;
}

export interface Timing {
  readonly name: string;
  readonly library: LibraryName;
  /** Of one call, over all rounds. */
  readonly leastMs: number;
  readonly medianMs: number;
  readonly calls: number;
  /** What the work is checked by, where libraries can be compared. */
  readonly value?: number | undefined;
}

/** An entry that could not be timed, in the words of its library. */
export interface Refusal {
  readonly name: string;
  readonly library: LibraryName;
  readonly error: string;
}

export type Outcome = Timing | Refusal;

export const isTiming = (outcome: Outcome): outcome is Timing => 'leastMs' in outcome;

export interface RoundOptions {
  readonly rounds: number;
  /** Calls of a turn go on for so long: many of a fast task, one of a slow one. Default 8. */
  readonly turnMs?: number;
  /** Before the first turn that counts: engines compile hot code late. 0: but for one call. Default 250. */
  readonly warmUpMs?: number;
  /** An entry that has taken so long leaves the later rounds. Default 5000. */
  readonly budgetMs?: number;
}

/** Behind each entry of ours the same one at the commit that is measured beside it, if any. */
function withOther(entries: readonly Entry[]): Entry[] {
  const other = against();
  return entries.flatMap((entry) =>
    !other || isRival(entry.library) || entry.task.kind === 'probe'
      ? [entry]
      : [entry, { ...entry, name: `${entry.name}, at ${other.commit}`, isOther: true }],
  );
}

/** An earlier commit need not know a task. */
function reasonOf({ isOther, task }: Entry, { message }: Error): string {
  return isOther ? `not done by that commit (task ${task.kind}): ${message}` : message;
}

/** Names of tasks in a process are never used again. */
let preparedCount = 0;

/**
 * Times entries side by side: in each round every one has a turn, so that what slows the machine down slows all of
 * them. The least time is the one to compare, since other work only ever adds.
 */
export async function interleaved(
  chosen: readonly Entry[],
  hostOf: HostOf,
  { rounds, turnMs = 8, warmUpMs = 250, budgetMs = 5000 }: RoundOptions,
): Promise<Outcome[]> {
  const entries = withOther(chosen);
  const keys = new Map(entries.map((entry) => [entry, `${entry.name} ${preparedCount++}`]));
  const keyOf = (entry: Entry): string => keys.get(entry) as string;
  const errors = new Map<Entry, string>();
  const samples = new Map<Entry, number[]>();
  const values = new Map<Entry, number | undefined>();
  const host = ({ library, isOther }: Entry): Host => hostOf(library, isOther);
  const attempt = async (entry: Entry, work: () => Promise<void>): Promise<void> => {
    if (!errors.has(entry))
      await work().catch((error: Error) => void errors.set(entry, reasonOf(entry, error)));
  };
  for (const entry of entries)
    await attempt(entry, async () => {
      values.set(entry, await host(entry).prepare(keyOf(entry), entry.task));
      if (warmUpMs > 0) await host(entry).turn(keyOf(entry), warmUpMs);
      samples.set(entry, []);
    });
  const spent = (entry: Entry): number => samples.get(entry)?.reduce((sum, ms) => sum + ms, 0) ?? 0;
  for (let round = 0; round < rounds; round++) {
    // Another order in each round: nobody always follows the same neighbour.
    const first = round % entries.length;
    for (const entry of [...entries.slice(first), ...entries.slice(0, first)])
      if (spent(entry) < budgetMs)
        await attempt(entry, async () => {
          samples.get(entry)?.push(...(await host(entry).turn(keyOf(entry), turnMs)));
        });
  }
  return entries.map((entry) => {
    const { name, library } = entry;
    const error = errors.get(entry);
    if (error !== undefined) return { name, library, error };
    const sorted = (samples.get(entry) as number[]).toSorted((a, b) => a - b);
    return {
      name,
      library,
      leastMs: sorted[0] as number,
      medianMs: sorted[sorted.length >> 1] as number,
      calls: sorted.length,
      value: values.get(entry),
    };
  });
}
