import { ArgumentError, checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { type Counts, formOf, meanOf } from './counts.ts';
import { confusionMatrix, type Metric } from './metrics.ts';
import { isLabels, requireNumericArrays } from './numeric-array.ts';
import type { NumericArray } from './optimizer.ts';

export const averageRules = {
  /**
   * How the classes become one number: the plain mean (macro), the mean by their rows (weighted), over all decisions
   * (micro), or class 1 of two alone (binary).
   * Default: binary for two classes, else macro.
   */
  average: option.oneOf(['macro', 'weighted', 'micro', 'binary']),
};

/** Options of `precision`, `recall` and `f1`. */
export type AverageOptions = OptionsOf<typeof averageRules>;

function averaged(operation: string, options: AverageOptions, of: (counts: Counts) => number): Metric {
  checkOptions(operation, averageRules, options);
  return (outputs, targets) => {
    const matrix = confusionMatrix(outputs, targets);
    const classes = matrix.shape[0] as number;
    const { average = classes === 2 ? 'binary' : 'macro' } = options;
    if (average === 'binary' && classes !== 2)
      throw new ArgumentError({
        operation,
        expected: 'two classes for the average binary',
        actual: `${classes}`,
        remedy: 'Choose macro, weighted or micro.',
      });
    const all = Array.from({ length: classes }, (_, k) => countsOf(matrix, k));
    if (average === 'binary') return of(all[1] as Counts);
    return meanOf(all, average, of);
  };
}

function countsOf({ shape, data }: NumericArray, k: number): Counts {
  const classes = shape[0] as number;
  let [predicted, actual] = [0, 0];
  for (let other = 0; other < classes; other++) {
    predicted += data[other * classes + k] as number;
    actual += data[k * classes + other] as number;
  }
  return { hits: data[k * classes + k] as number, predicted, actual };
}

/** Precision: the share of rows told to be of a class that are; 0 where none is told so. */
export const precision = (options: AverageOptions = {}): Metric =>
  averaged('precision', options, formOf.precision);

/** Recall: the share of rows of a class that are told to be; 0 where there are none. */
export const recall = (options: AverageOptions = {}): Metric => averaged('recall', options, formOf.recall);

/** F1: the harmonic mean of precision and recall, 2·hits / (told + there). */
export const f1 = (options: AverageOptions = {}): Metric => averaged('f1', options, formOf.f1);

/**
 * Area under the ROC curve: the probability that a row of class 1 has a larger score than one of class 0, where equal scores
 * count half. Outputs [N, 1] or [N] are scores of class 1; of [N, 2], logits, the second minus the first. Targets are
 * labels 0 and 1. NaN where one class has no rows.
 *
 * @throws ArgumentError for other shapes or targets, or a score that is NaN
 */
export function areaUnderCurve(outputs: NumericArray, targets: NumericArray): number {
  const operation = 'areaUnderCurve';
  requireNumericArrays(operation, outputs, targets);
  const [count = 0, columns = 1] = outputs.shape;
  const { data } = outputs;
  const isBinary = targets.data.every((value) => value === 0 || value === 1);
  const fits = outputs.shape.length <= 2 && columns >= 1 && columns <= 2 && targets.data.length === count;
  if (!fits || !isBinary || (columns === 2 && !isLabels(targets)))
    throw new ArgumentError({
      operation,
      expected: 'scores [N], [N, 1] or [N, 2] with targets 0 and 1, [N]',
      actual: `outputs [${outputs.shape}] and targets [${targets.shape}]`,
    });
  const scores = Float64Array.from({ length: count }, (_, row) =>
    columns === 1 ? (data[row] as number) : (data[2 * row + 1] as number) - (data[2 * row] as number),
  );
  if (scores.some(Number.isNaN))
    throw new ArgumentError({ operation, expected: 'scores that are numbers', actual: 'NaN' });
  // Of Mann and Whitney: the sum of the ranks of class 1, equal scores sharing theirs.
  const order = Array.from(scores.keys()).sort((a, b) => {
    const [x, y] = [scores[a] as number, scores[b] as number];
    return x < y ? -1 : x > y ? 1 : 0;
  });
  let [ranks, positives] = [0, 0];
  for (let from = 0; from < count; ) {
    let to = from;
    let ones = 0;
    while (to < count && scores[order[to] as number] === scores[order[from] as number])
      ones += targets.data[order[to++] as number] as number;
    ranks += (ones * (from + 1 + to)) / 2;
    positives += ones;
    from = to;
  }
  return (ranks - (positives * (positives + 1)) / 2) / (positives * (count - positives));
}
