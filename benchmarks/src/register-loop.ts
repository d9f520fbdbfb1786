import type { Entry, Outcome } from './rounds.ts';
import { isTiming } from './rounds.ts';
import { numberText, type Table, type TimingTableOptions, timingTable } from './table.ts';

const name = 'register loop';

/** What one thread could reach in products, beside what is timed. */
export const loopEntry: Entry = { name, library: 'funhash', task: { kind: 'probe' } };

/** Operations in a nanosecond of the register loop, where it was timed. */
export function loopSpeed(outcomes: readonly Outcome[]): number | undefined {
  const loop = outcomes.find((outcome) => outcome.name === name);
  // Its value is the number of its operations.
  return loop && isTiming(loop) ? (loop.value as number) / loop.leastMs / 1e6 : undefined;
}

export const withoutLoop = (outcomes: readonly Outcome[]): Outcome[] =>
  outcomes.filter((outcome) => outcome.name !== name);

/** A table of times with a note on what its products, of `flops` operations, would take at the speed of the loop. */
export function tableBesideLoop(
  title: string,
  outcomes: readonly Outcome[],
  { flops, ...options }: TimingTableOptions & { readonly flops: number },
): Table {
  const speed = loopSpeed(outcomes);
  const notes =
    speed === undefined
      ? []
      : [
          `The products are ${numberText(flops / 1e6)} million operations. On one thread the register loop of a product does ` +
            `${numberText(speed)} GFLOP/s on data in L1: at that speed they alone would take ${numberText(flops / speed / 1e6)} ms.`,
        ];
  return timingTable(title, withoutLoop(outcomes), { ...options, notes });
}
