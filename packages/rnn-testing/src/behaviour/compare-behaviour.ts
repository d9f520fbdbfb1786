import type { Model } from '@funhash/layers';
import { NoRecurrentLayerError } from '../errors.ts';
import { levelsOf } from '../observation/reading.ts';
import { type Sequences, sequenceList } from '../observation/sequences.ts';
import { batchesOf, type CoverageProbe, positionOf } from '../probe/probe.ts';

/** How two networks differ on the same sequences, step by step. */
export interface BehaviourComparison {
  readonly count: number;
  /** Share of the sequences for which both give the same class. */
  readonly sameAnswers: number;
  /** Share of right classes of each, where there are labels. */
  readonly accuracies?: readonly [number, number];
  /** One entry for each metric of the probe: features that one covers, the other, both. */
  readonly coverage: Readonly<
    Record<string, { readonly first: number; readonly second: number; readonly both: number }>
  >;
  /** Share of the sequences that make the same word in both, for temporal coverage. */
  readonly sameWords?: number;
  readonly steps: readonly StepComparison[];
}

/** How much two networks differ at a step. */
export interface StepComparison {
  /** Number of the step. */
  readonly step: number;
  /** Mean of ξ in each. */
  readonly levels: readonly [number, number];
  /** Mean of |ξ₁ − ξ₂|, in standard deviations of the first network's ξ at that step. */
  readonly difference: number;
  /** Pearson correlation of ξ over the sequences. */
  readonly correlation: number;
}

/**
 * Compares what two networks of the same shape do at every step of a window, such as a network and its compressed form. Units
 * may have changed places between two trainings, ξ and the metrics do not see it. Constants of both are those of the probe.
 *
 * @throws NoRecurrentLayerError where the other network does not show the signals of the probe; SequenceError for sequences
 * that do not fit
 */
export function compareBehaviour(
  probe: CoverageProbe,
  other: Model,
  sequences: Sequences,
): BehaviourComparison {
  const { items, labels } = sequenceList('compareBehaviour', sequences);
  const { metrics, window } = probe;
  const { signal, aggregate } =
    metrics.find(({ constants }) => constants) ?? (metrics[0] as (typeof metrics)[number]);
  const temporal = metrics.find(({ request }) => request.metric === 'tc');
  const sides = [probe.model, other].map((model, side) => {
    const coverage = probe.empty();
    const answers: number[] = [];
    const levels: number[] = [];
    const words: string[] = [];
    for (const batch of batchesOf(items, probe.batchSize)) {
      const measured = side === 0 ? probe.measure(batch) : probe.measure(batch, model);
      for (const answer of measured.answers) answers.push(answer);
      const reading = measured.readings.get(signal);
      if (!reading)
        throw new NoRecurrentLayerError({
          operation: 'compareBehaviour',
          expected: `a model that shows ${signal}`,
          actual: 'another',
        });
      for (const level of levelsOf(reading, aggregate)) levels.push(level);
      for (let k = 0; k < batch.length; k++) {
        probe.add(coverage, measured, k);
        if (temporal) {
          const made: number[] = [];
          temporal.cover(positionOf(temporal, measured.positions, k), (word) => made.push(word));
          words.push(made.join());
        }
      }
    }
    return { coverage, answers, levels, words };
  });
  const [first, second] = sides as [(typeof sides)[number], (typeof sides)[number]];
  const count = items.length;
  const share = (same: (k: number) => boolean): number =>
    Array.from({ length: count }, (_, k) => Number(same(k))).reduce((a, b) => a + b, 0) / count;
  return {
    count,
    sameAnswers: share((k) => first.answers[k] === second.answers[k]),
    ...(labels && {
      accuracies: [first, second].map(({ answers }) => share((k) => answers[k] === labels[k])) as [
        number,
        number,
      ],
    }),
    coverage: Object.fromEntries(
      metrics.map(({ id }) => {
        const [a, b] = [first.coverage.of(id), second.coverage.of(id)];
        return [id, { first: a.count, second: b.count, both: a.count + b.count - a.union(b).count }];
      }),
    ),
    ...(temporal && { sameWords: share((k) => first.words[k] === second.words[k]) }),
    steps: Array.from({ length: window.steps }, (_, step) =>
      compareStep(
        window.first + step,
        column(first.levels, step, window.steps),
        column(second.levels, step, window.steps),
      ),
    ),
  };
}

const column = (values: readonly number[], step: number, steps: number): number[] =>
  values.filter((_, k) => k % steps === step);

function compareStep(step: number, a: readonly number[], b: readonly number[]): StepComparison {
  const real = [...a.keys()].filter((k) => !Number.isNaN(a[k]) && !Number.isNaN(b[k]));
  const mean = (of: (k: number) => number): number => real.reduce((sum, k) => sum + of(k), 0) / real.length;
  const [x, y] = [(k: number) => a[k] as number, (k: number) => b[k] as number];
  const [meanA, meanB] = [mean(x), mean(y)];
  const [varA, varB] = [mean((k) => (x(k) - meanA) ** 2), mean((k) => (y(k) - meanB) ** 2)];
  return {
    step,
    levels: [meanA, meanB],
    difference: mean((k) => Math.abs(x(k) - y(k))) / Math.sqrt(varA),
    correlation: mean((k) => (x(k) - meanA) * (y(k) - meanB)) / Math.sqrt(varA * varB),
  };
}
