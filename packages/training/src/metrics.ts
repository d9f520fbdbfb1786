import { ArgumentError, shownValue } from '@funhash/hashing';
import { isLabels, requireNumericArrays } from './numeric-array.ts';
import type { NumericArray } from './optimizer.ts';

/**
 * A number that tells how well outputs [N, …] fit targets, over a whole data set: labels [N] (Int32Array), or
 * numbers of the outputs' shape.
 */
export type Metric = (outputs: NumericArray, targets: NumericArray) => number;

function refuse(operation: string, expected: string, outputs: NumericArray, targets: NumericArray): never {
  throw new ArgumentError({
    operation,
    expected,
    actual: `outputs [${outputs.shape}] and targets [${targets.shape}]`,
  });
}

function classesOf(operation: string, outputs: NumericArray, targets: NumericArray): number {
  requireNumericArrays(operation, outputs, targets);
  const [count, classes = 0] = outputs.shape;
  const fits = isLabels(targets) ? targets.shape[0] === count : targets.shape.join() === outputs.shape.join();
  if (outputs.shape.length !== 2 || classes < 1 || !fits)
    refuse(operation, 'scores [N, C] with labels [N] or probabilities [N, C]', outputs, targets);
  return classes;
}

function largest(data: NumericArray['data'], from: number, classes: number): number {
  let best = 0;
  for (let c = 1; c < classes; c++) if ((data[from + c] as number) > (data[from + best] as number)) best = c;
  return best;
}

// One column is a logit: class 1 above 0, and targets are 0 or 1.
const predicted = ({ data }: NumericArray, row: number, classes: number): number =>
  classes === 1 ? Number((data[row] as number) > 0) : largest(data, row * classes, classes);

function wanted(targets: NumericArray, row: number, classes: number): number {
  if (isLabels(targets)) return targets.data[row] as number;
  return classes === 1
    ? Number((targets.data[row] as number) > 0.5)
    : largest(targets.data, row * classes, classes);
}

/** Rows that have their class among the k largest scores, and all rows: their numbers. */
function hitsOf(
  operation: string,
  outputs: NumericArray,
  targets: NumericArray,
  k: number,
): [number, number] {
  const classes = classesOf(operation, outputs, targets);
  const count = outputs.shape[0] as number;
  let hits = 0;
  for (let row = 0; row < count; row++) {
    const target = wanted(targets, row, classes);
    if (classes === 1) hits += Number(predicted(outputs, row, classes) === target);
    else hits += Number(rankOf(outputs.data, row * classes, classes, target) < k);
  }
  return [hits, count];
}

/** Share of rows whose largest score is that of their class; scores [N, 1] are logits of class 1. */
export function accuracy(outputs: NumericArray, targets: NumericArray): number {
  const [hits, count] = hitsOf('accuracy', outputs, targets, 1);
  return hits / count;
}

/** Share of rows whose largest score is not that of their class. */
export function errorRate(outputs: NumericArray, targets: NumericArray): number {
  const [hits, count] = hitsOf('errorRate', outputs, targets, 1);
  return (count - hits) / count;
}

/** Share of rows whose class is among the k largest scores. Equal scores count in the order of the classes. */
export function topKAccuracy(k: number): Metric {
  if (!Number.isInteger(k) || k < 1)
    throw new ArgumentError({
      operation: 'topKAccuracy',
      expected: 'a whole number k ≥ 1',
      actual: shownValue(k),
    });
  return (outputs, targets) => {
    const [hits, count] = hitsOf('topKAccuracy', outputs, targets, k);
    return hits / count;
  };
}

/** Number of scores of a row that come before that of `target`; all, where it is NaN or no class. */
function rankOf(data: NumericArray['data'], from: number, classes: number, target: number): number {
  const own = data[from + target] as number;
  if (!(target >= 0 && target < classes) || Number.isNaN(own)) return classes;
  let rank = 0;
  for (let c = 0; c < classes; c++) {
    const other = data[from + c] as number;
    if (other > own || (other === own && c < target)) rank++;
  }
  return rank;
}

/** Confusion matrix, counts [C, C]: the row is the class, the column the prediction. */
export function confusionMatrix(outputs: NumericArray, targets: NumericArray): NumericArray {
  const columns = classesOf('confusionMatrix', outputs, targets);
  const classes = Math.max(2, columns);
  const data = new Int32Array(classes * classes);
  const count = outputs.shape[0] as number;
  for (let row = 0; row < count; row++) {
    const target = wanted(targets, row, columns);
    if (!(target >= 0 && target < classes))
      throw new ArgumentError({
        operation: 'confusionMatrix',
        expected: `labels from 0 to ${classes - 1}, as there are ${classes} classes`,
        actual: `${target} at targets[${row}]`,
      });
    const cell = target * classes + predicted(outputs, row, columns);
    data[cell] = (data[cell] as number) + 1;
  }
  return { shape: [classes, classes], data };
}

function requireNumbers(operation: string, outputs: NumericArray, targets: NumericArray): void {
  requireNumericArrays(operation, outputs, targets);
  if (outputs.data.length !== targets.data.length || outputs.shape[0] !== targets.shape[0])
    refuse(operation, 'outputs and targets of one shape', outputs, targets);
}

const meanOver = (count: number, term: (k: number) => number): number => {
  let sum = 0;
  for (let k = 0; k < count; k++) sum += term(k);
  return sum / count;
};

/** Mean absolute error, the mean of |y − t| over all elements. */
export function meanAbsoluteError(outputs: NumericArray, targets: NumericArray): number {
  requireNumbers('meanAbsoluteError', outputs, targets);
  const [y, t] = [outputs.data, targets.data];
  return meanOver(y.length, (k) => Math.abs((y[k] as number) - (t[k] as number)));
}

/** Root mean squared error, √ of the mean of (y − t)² over all elements. */
export function rootMeanSquaredError(outputs: NumericArray, targets: NumericArray): number {
  requireNumbers('rootMeanSquaredError', outputs, targets);
  const [y, t] = [outputs.data, targets.data];
  return Math.sqrt(meanOver(y.length, (k) => ((y[k] as number) - (t[k] as number)) ** 2));
}

/** Coefficient of determination R², 1 − Σ(y − t)² / Σ(t − t̄)² over all elements: 1 is perfect, 0 no better than the mean. */
export function r2(outputs: NumericArray, targets: NumericArray): number {
  requireNumbers('r2', outputs, targets);
  const [y, t] = [outputs.data, targets.data];
  const centre = meanOver(t.length, (k) => t[k] as number);
  const spread = meanOver(t.length, (k) => ((t[k] as number) - centre) ** 2);
  return 1 - meanOver(y.length, (k) => ((y[k] as number) - (t[k] as number)) ** 2) / spread;
}
