import type { Request } from './case.ts';
import { withHosts } from './hosts.ts';
import { type Entry, interleaved } from './rounds.ts';
import { timingTable } from './table.ts';
import type { Task, WeightChoice } from './task.ts';

export const hashed: WeightChoice = { scheme: 'hashedNet', options: { ratio: 1 / 64 } };

/** A table for each net, with a row for each way in which it can do the task; the first way is the base. */
export async function netsByWays<Net, Way>(
  { rounds, show }: Request,
  {
    nets,
    ways,
    task,
    warmUpMs,
  }: {
    readonly nets: Readonly<Record<string, Net>>;
    readonly ways: Readonly<Record<string, Way>>;
    readonly task: (net: Net, way: Way) => Task;
    readonly warmUpMs: number;
  },
): Promise<void> {
  const [base = ''] = Object.keys(ways);
  await withHosts(async (hostOf) => {
    for (const [title, net] of Object.entries(nets)) {
      const entries = Object.entries(ways).map(
        ([name, way]): Entry => ({ name, library: 'funhash', task: task(net, way) }),
      );
      show(timingTable(title, await interleaved(entries, hostOf, { rounds, warmUpMs }), { base }));
    }
  });
}
