import type { StepWindow } from './window.ts';

/** What one signal did in a batch of sequences, over the steps of a window. */
export interface Reading {
  /** Sequences. */
  readonly count: number;
  /** Steps of the window. */
  readonly steps: number;
  readonly units: number;
  /** Sums of positive values, [count, steps]; NaN where a step is padding. */
  readonly positive: Float64Array;
  /** Sums of negative values, [count, steps]. */
  readonly negative: Float64Array;
  /** Sums of positive values one step before, [count, steps]: of states 0 before the first step, of gates those of the first step. */
  readonly positiveBefore: Float64Array;
  readonly negativeBefore: Float64Array;
  /** Values at the last real step of the window, [count, units]. */
  readonly last: Float32Array;
}

/**
 * Reduces values of a signal, [count, total, units], to a reading.
 *
 * @param lengths real steps of each sequence
 * @param start what stands before the first step: states are 0, a gate has not moved yet
 * @param isReversed whether the signal reads sequences backwards
 */
export function readingOf(
  values: ArrayLike<number>,
  { count, total, units }: { readonly count: number; readonly total: number; readonly units: number },
  window: StepWindow,
  {
    lengths,
    start,
    isReversed,
  }: {
    readonly lengths: (k: number) => number;
    readonly start: 'zero' | 'same';
    readonly isReversed: boolean;
  },
): Reading {
  const { steps } = window;
  const sums = (): Float64Array => new Float64Array(count * steps).fill(Number.NaN);
  const reading = {
    count,
    steps,
    units,
    positive: sums(),
    negative: sums(),
    positiveBefore: sums(),
    negativeBefore: sums(),
    last: new Float32Array(count * units),
  };
  const { positive, negative, positiveBefore, negativeBefore, last } = reading;
  // Every step's sums once: a step is the one before of the next.
  const [up, down] = [new Float64Array(total), new Float64Array(total)];
  for (let k = 0; k < count; k++) {
    const length = lengths(k);
    const begin = window.begin(length);
    const end = begin + length;
    for (let t = begin; t < end; t++) {
      let [above, below] = [0, 0];
      const row = (k * total + t) * units;
      for (let unit = 0; unit < units; unit++) {
        const value = values[row + unit] as number;
        if (value > 0) above += value;
        else below += value;
      }
      up[t] = above;
      down[t] = below;
    }
    let final = -1;
    for (let step = 0; step < steps; step++) {
      const at = window.place(step, length);
      if (at < 0) continue;
      const before = isReversed ? at + 1 : at - 1;
      const isFirst = before < begin || before >= end;
      const o = k * steps + step;
      positive[o] = up[at] as number;
      negative[o] = down[at] as number;
      positiveBefore[o] = isFirst ? (start === 'zero' ? 0 : (up[at] as number)) : (up[before] as number);
      negativeBefore[o] = isFirst ? (start === 'zero' ? 0 : (down[at] as number)) : (down[before] as number);
      final = at;
    }
    if (final < 0) last.fill(Number.NaN, k * units, (k + 1) * units);
    else
      for (let unit = 0; unit < units; unit++)
        last[k * units + unit] = values[(k * total + final) * units + unit] as number;
  }
  return reading;
}

/** How the units of a signal become one number ξ per step, and how its change is measured. */
export interface Aggregate {
  level(positive: number, negative: number, units: number): number;
  change(
    positive: number,
    negative: number,
    positiveBefore: number,
    negativeBefore: number,
    units: number,
  ): number;
}

/**
 * Aggregates by name. `net`: |ξ⁺ + ξ⁻| and |Δξ⁺ + Δξ⁻|, which the authors' code computes; positive and negative units
 * cancel in it. `parts`: ξ⁺ + |ξ⁻| and |Δξ⁺| + |Δξ⁻|, as the paper writes the change. `mean`: the average of the units.
 *
 * Source: Huang et al. 2022, arXiv:1911.01952.
 */
export const aggregates = {
  net: {
    level: (p, n) => Math.abs(p + n),
    change: (p, n, pBefore, nBefore) => Math.abs(p - pBefore + (n - nBefore)),
  },
  parts: {
    level: (p, n) => p - n,
    change: (p, n, pBefore, nBefore) => Math.abs(p - pBefore) + Math.abs(n - nBefore),
  },
  mean: {
    level: (p, n, units) => (p + n) / units,
    change: (p, n, pBefore, nBefore, units) => Math.abs(p + n - pBefore - nBefore) / units,
  },
} as const satisfies Record<string, Aggregate>;

export type AggregateName = keyof typeof aggregates;

/** ξ of every step, [count, steps]; NaN where a step is padding. */
export function levelsOf({ positive, negative, units }: Reading, aggregate: AggregateName): Float64Array {
  const { level }: Aggregate = aggregates[aggregate];
  return positive.map((up, k) => level(up, negative[k] as number, units));
}

/** Change Δξ of every step from the one before, [count, steps]; NaN where a step is padding. */
export function changesOf(
  { positive, negative, positiveBefore, negativeBefore, units }: Reading,
  aggregate: AggregateName,
): Float64Array {
  const { change }: Aggregate = aggregates[aggregate];
  return positive.map((up, k) =>
    change(up, negative[k] as number, positiveBefore[k] as number, negativeBefore[k] as number, units),
  );
}
