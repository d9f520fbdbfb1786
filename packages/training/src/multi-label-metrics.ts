import { ArgumentError, checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { type Counts, formOf, meanOf } from './counts.ts';
import type { Metric } from './metrics.ts';
import { requireNumericArrays } from './numeric-array.ts';
import type { NumericArray } from './optimizer.ts';

const thresholdRule = option.that<number>(
  'a probability between 0 and 1',
  (value) => typeof value === 'number' && value > 0 && value < 1,
);

export const multiLabelRules = {
  /** Probability, the logistic function of a logit, above which a label is told. Default 0.5. */
  threshold: thresholdRule,
};

/** Options of metrics of many labels. */
export type MultiLabelOptions = OptionsOf<typeof multiLabelRules>;

export const multiLabelAverageRules = {
  ...multiLabelRules,
  /**
   * How labels become one number: the plain mean (macro), the mean by their rows (weighted), over all decisions (micro), or the
   * mean over rows of what holds for the labels of each (samples). Default macro.
   */
  average: option.oneOf(['macro', 'weighted', 'micro', 'samples']),
};

/** Options of `multiLabelPrecision`, `multiLabelRecall` and `multiLabelF1`. */
export type MultiLabelAverageOptions = OptionsOf<typeof multiLabelAverageRules>;

/** How well one label is told. */
export interface LabelScores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Rows that have the label. */
  readonly count: number;
}

/** Whether each label is told and whether it is there, [N, L]. */
function decisionsOf(
  operation: string,
  outputs: NumericArray,
  targets: NumericArray,
  { threshold = 0.5 }: MultiLabelOptions,
) {
  requireNumericArrays(operation, outputs, targets);
  const [rows = 0, labels = 0] = outputs.shape;
  const isWhole =
    outputs.shape.length === 2 &&
    labels > 0 &&
    targets.shape.join() === outputs.shape.join() &&
    targets.data.every((value) => value === 0 || value === 1);
  if (!isWhole)
    throw new ArgumentError({
      operation,
      expected: 'logits [N, L] with targets 0 and 1, [N, L]',
      actual: `outputs [${outputs.shape}] and targets [${targets.shape}]`,
    });
  const least = Math.log(threshold / (1 - threshold));
  return {
    rows,
    labels,
    isTold: (row: number, label: number) => (outputs.data[row * labels + label] as number) > least,
    isThere: (row: number, label: number) => targets.data[row * labels + label] === 1,
  };
}

type Decisions = ReturnType<typeof decisionsOf>;

/** Counts of one row or of one label. */
function countsOver(count: number, isTold: (k: number) => boolean, isThere: (k: number) => boolean): Counts {
  let [hits, predicted, actual] = [0, 0, 0];
  for (let k = 0; k < count; k++) {
    if (isTold(k)) predicted++;
    if (!isThere(k)) continue;
    actual++;
    if (isTold(k)) hits++;
  }
  return { hits, predicted, actual };
}

const byLabel = ({ rows, labels, isTold, isThere }: Decisions): Counts[] =>
  Array.from({ length: labels }, (_, label) =>
    countsOver(
      rows,
      (row) => isTold(row, label),
      (row) => isThere(row, label),
    ),
  );

const byRow = ({ rows, labels, isTold, isThere }: Decisions): Counts[] =>
  Array.from({ length: rows }, (_, row) =>
    countsOver(
      labels,
      (label) => isTold(row, label),
      (label) => isThere(row, label),
    ),
  );

function averaged(operation: string, options: MultiLabelAverageOptions, name: keyof typeof formOf): Metric {
  checkOptions(operation, multiLabelAverageRules, options);
  const { average = 'macro' } = options;
  return (outputs, targets) => {
    const decisions = decisionsOf(operation, outputs, targets, options);
    return average === 'samples'
      ? meanOf(byRow(decisions), 'macro', formOf[name])
      : meanOf(byLabel(decisions), average, formOf[name]);
  };
}

/** Precision of many labels a row: of logits [N, L] with targets 0 and 1, [N, L], as binaryCrossEntropyWithLogits takes them. */
export const multiLabelPrecision = (options: MultiLabelAverageOptions = {}): Metric =>
  averaged('multiLabelPrecision', options, 'precision');

/** Recall of many labels a row: of logits [N, L] with targets 0 and 1, [N, L]. */
export const multiLabelRecall = (options: MultiLabelAverageOptions = {}): Metric =>
  averaged('multiLabelRecall', options, 'recall');

/** F1 of many labels a row, 2·hits / (told + there): of logits [N, L] with targets 0 and 1, [N, L]. */
export const multiLabelF1 = (options: MultiLabelAverageOptions = {}): Metric =>
  averaged('multiLabelF1', options, 'f1');

/** Share of rows of which every label is told right: of logits [N, L] with targets 0 and 1, [N, L]. */
export function subsetAccuracy(options: MultiLabelOptions = {}): Metric {
  checkOptions('subsetAccuracy', multiLabelRules, options);
  return (outputs, targets) => {
    const { rows, labels, isTold, isThere } = decisionsOf('subsetAccuracy', outputs, targets, options);
    let right = 0;
    for (let row = 0; row < rows; row++) {
      let label = 0;
      while (label < labels && isTold(row, label) === isThere(row, label)) label++;
      if (label === labels) right++;
    }
    return right / rows;
  };
}

/**
 * Precision, recall and F1 of each label, in their order.
 *
 * @param outputs logits, [N, L]
 * @param targets 0 and 1, [N, L]
 * @throws ArgumentError for other shapes or targets, OptionError for an unknown option
 */
export function labelScores(
  outputs: NumericArray,
  targets: NumericArray,
  options: MultiLabelOptions = {},
): LabelScores[] {
  checkOptions('labelScores', multiLabelRules, options);
  return byLabel(decisionsOf('labelScores', outputs, targets, options)).map((counts) => ({
    precision: formOf.precision(counts),
    recall: formOf.recall(counts),
    f1: formOf.f1(counts),
    count: counts.actual,
  }));
}
