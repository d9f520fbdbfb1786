import { shownValue } from '@funhash/hashing';
import { type MeasuredTests, type PlacedMetric, positionOf } from '../probe/probe.ts';
import { damagedState } from './stored.ts';

/** Rows of a heat map, for normalised values from 0 up; the last holds all above. */
export const heatRows = 24;
/** Height of a row. */
export const heatStep = 0.05;

/** Counts over all tests of a campaign: how often features were covered, and where the values of each step lay. */
export interface Tally {
  /** Times that each feature was covered, by metric. */
  readonly hits: Readonly<Record<string, readonly number[]>>;
  /** Tests by row and step, of metrics with a feature for each step, [heatRows, steps]. */
  readonly heat: Readonly<Record<string, readonly number[]>>;
}

/** Counts what measured tests did. */
export class Tallied implements Tally {
  readonly hits: Record<string, number[]>;
  readonly heat: Record<string, number[]>;
  readonly #metrics: readonly PlacedMetric[];

  constructor(metrics: readonly PlacedMetric[]) {
    this.#metrics = metrics;
    this.hits = Object.fromEntries(metrics.map(({ id, features }) => [id, Array(features).fill(0)]));
    this.heat = Object.fromEntries(
      metrics
        .filter(({ isPerStep }) => isPerStep)
        .map(({ id, dims }) => [id, Array(heatRows * dims).fill(0)]),
    );
  }

  add({ positions, count }: MeasuredTests): void {
    for (const metric of this.#metrics) {
      const hits = this.hits[metric.id] as number[];
      const heat = this.heat[metric.id];
      for (let k = 0; k < count; k++) {
        const position = positionOf(metric, positions, k);
        metric.cover(position, (feature) => {
          hits[feature] = (hits[feature] as number) + 1;
        });
        if (!heat) continue;
        for (let step = 0; step < metric.dims; step++) {
          const value = position[step] as number;
          if (Number.isNaN(value)) continue;
          const row = Math.min(heatRows - 1, Math.max(0, Math.floor(value / heatStep)));
          const at = row * metric.dims + step;
          heat[at] = (heat[at] as number) + 1;
        }
      }
    }
  }

  /** Puts stored counts back. @throws ReplayError where they are of other metrics, or no counts */
  restore(stored: Tally): void {
    for (const part of ['hits', 'heat'] as const)
      for (const [id, own] of Object.entries(this[part])) {
        const given: unknown = stored?.[part]?.[id];
        if (!isCounts(given, own.length))
          throw damagedState({
            expected: `${own.length} counts as ${part} of ${id}`,
            actual: shownValue(given),
          });
        this[part][id] = [...given];
      }
  }
}

const isCounts = (value: unknown, length: number): value is readonly number[] =>
  Array.isArray(value) && value.length === length && value.every((n) => Number.isSafeInteger(n) && n >= 0);
