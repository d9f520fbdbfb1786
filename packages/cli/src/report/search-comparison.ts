import type { CampaignPoint } from '@funhash/rnn-testing';
import { grouped, percent, spreadOf } from '../terminal/output.ts';
import { tableOf } from '../terminal/table.ts';

/** One of the searches that are compared. */
export interface ComparedSearch {
  readonly strategy: string;
  readonly seed: number;
  /** Seeds that the net gets right. */
  readonly seeds: number;
  /** What it took, of all cores together. */
  readonly coreSeconds: number;
  readonly history: readonly CampaignPoint[];
}

/** What a search had come to by so many tests: the last round that was over then; the first where none was. */
export function pointAt(history: readonly CampaignPoint[], tests: number): CampaignPoint {
  const known = history.findLast(({ executions }) => executions <= tests);
  return known ?? (history[0] as CampaignPoint);
}

/** A fifth, two fifths and all of a budget. */
export const usualCounts = (budget: number): readonly number[] => [
  ...new Set([Math.ceil(budget / 5), Math.ceil((2 * budget) / 5), budget]),
];

/** Coverage in percent and failing seeds by strategy and number of tests, mean ± standard deviation over seeds. */
export function comparisonTable(searches: readonly ComparedSearch[], counts: readonly number[]): string {
  const metrics = Object.keys(searches[0]?.history[0]?.coverage ?? {});
  const strategies = [...new Set(searches.map(({ strategy }) => strategy))];
  const rows = counts.flatMap((tests) =>
    strategies.map((strategy) => {
      const points = searches
        .filter((one) => one.strategy === strategy)
        .map(({ history }) => pointAt(history, tests));
      const shares = metrics.map((id) => percent(points.map(({ coverage }) => coverage[id] as number)));
      return [grouped(tests), strategy, ...shares, spread(points.map(({ failingSeeds }) => failingSeeds))];
    }),
  );
  return tableOf(['tests', 'search', ...metrics.map((id) => `${id} %`), 'seeds that fail'], rows);
}

function spread(counts: readonly number[]): string {
  const { mean, std } = spreadOf(counts);
  return std === undefined ? String(mean) : `${mean.toFixed(1)} ± ${std.toFixed(1)}`;
}
