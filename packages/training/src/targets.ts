import { ArgumentError } from '@funhash/hashing';
import type { Shape } from '@funhash/tensor';
import type { Arrays } from './examples.ts';
import {
  binaryCrossEntropyWithLogits,
  huber,
  type Loss,
  meanSquaredError,
  softmaxCrossEntropy,
  squaredHinge,
} from './losses.ts';
import { isLabels } from './numeric-array.ts';
import type { NumericArray } from './optimizer.ts';

/** What is wrong with targets, in the words of an error. */
interface Misfit {
  readonly expected: string;
  readonly actual: string;
  readonly remedy: string;
}

/**
 * Finds what is surely wrong with targets for a loss, where the loss itself would give a number that means nothing.
 *
 * @param at name of labels or targets, such as `data.targets`
 */
type TargetRule = (outputs: Shape, targets: NumericArray, at: string) => Misfit | undefined;

const asTargets = 'targets: labels.map((label) => [label])';

// Bytes are pixels, in targets as in inputs.
const scaleOf = ({ data }: NumericArray): number => (data instanceof Uint8Array ? 1 / 255 : 1);

/** The first example with an element that is not as it should be, as text; undefined where there is none. */
function strangerIn(
  targets: NumericArray,
  at: string,
  isRight: (value: number) => boolean,
): string | undefined {
  const { shape, data } = targets;
  const [size, scale] = [data.length / (shape[0] as number), scaleOf(targets)];
  for (let k = 0; k < data.length; k++)
    if (!isRight((data[k] as number) * scale))
      return `${data[k]} at ${at}[${Math.floor(k / size)}]${size > 1 ? `[${k % size}]` : ''}`;
  return undefined;
}

/** The first row that is no list of probabilities, as text. */
function notProbabilities(targets: NumericArray, at: string): string | undefined {
  const {
    shape: [count = 0],
    data,
  } = targets;
  const [size, scale] = [data.length / count, scaleOf(targets)];
  for (let row = 0; row < count; row++) {
    let [total, least] = [0, 0];
    for (let k = row * size; k < (row + 1) * size; k++) {
      total += data[k] as number;
      least = Math.min(least, data[k] as number);
    }
    // Probabilities may be rounded, in percents too.
    if (least >= 0 && Math.abs(total * scale - 1) <= 0.0101) continue;
    const shown = Array.from(
      data.subarray(row * size, row * size + Math.min(size, 8)),
      (value) => +value.toPrecision(6),
    );
    return `[${shown}${size > 8 ? ', …' : ''}] at ${at}[${row}]`;
  }
  return undefined;
}

function labelBeyond({ data }: NumericArray, classes: number, at: string): Misfit | undefined {
  for (let k = 0; k < data.length; k++)
    if ((data[k] as number) >= classes)
      return {
        expected: `labels below ${classes}, as the model has ${classes} outputs`,
        actual: `${data[k]} at ${at}[${k}]`,
        remedy: 'Give the last layer an output for each class, or mend the label.',
      };
  return undefined;
}

/** Classes by labels, or by probabilities. */
const ofClasses: TargetRule = (outputs, targets, at) => {
  const [, classes = 0] = outputs;
  // Other ranks are the business of the loss.
  if (outputs.length !== 2) return undefined;
  if (classes < 2)
    return {
      expected: 'an output for each class, 2 or more',
      actual: '1 output, of which the softmax is 1 whatever the weights',
      remedy: `Two classes by one output: ${asTargets}, loss: binaryCrossEntropyWithLogits. Numbers: loss: meanSquaredError.`,
    };
  if (isLabels(targets)) return labelBeyond(targets, classes, at);
  const stranger = notProbabilities(targets, at);
  if (stranger === undefined) return undefined;
  return {
    expected: 'probabilities of classes, each row adding up to 1',
    actual: stranger,
    remedy: 'Numbers: loss: meanSquaredError. Otherwise state what is meant as a loss of your own.',
  };
};

const ofNumbers: TargetRule = (_, targets) => {
  if (!(targets.data instanceof Int32Array)) return undefined;
  const expected = 'targets as floating-point numbers, of the shape of the outputs';
  return isLabels(targets)
    ? { expected, actual: 'labels', remedy: `Classes: leave out the loss. Numbers: ${asTargets}.` }
    : { expected, actual: 'an Int32Array', remedy: 'Write targets: Float32Array.from(targets).' };
};

/** Numbers of which each is right by itself. */
const ofEach =
  (expected: string, isRight: (value: number) => boolean): TargetRule =>
  (outputs, targets, at) => {
    const misfit = ofNumbers(outputs, targets, at);
    if (misfit) return { ...misfit, expected: `targets, ${expected}, of the shape of the outputs` };
    const actual = strangerIn(targets, at, isRight);
    if (actual === undefined) return undefined;
    return { expected: `targets, ${expected}`, actual, remedy: 'Numbers: loss: meanSquaredError.' };
  };
const ofProbability = ofEach('each from 0 to 1', (value) => value >= 0 && value <= 1);
const ofSigns = ofEach('each 1 or -1', (value) => Math.abs(value) === 1);

const ofMargins: TargetRule = (outputs, targets, at) =>
  isLabels(targets) && outputs.length === 2 && (outputs[1] as number) > 1
    ? labelBeyond(targets, outputs[1] as number, at)
    : ofSigns(outputs, targets, at);

/** Losses by their names, and what they take. One of the caller's own takes what it takes. */
const knownLosses = (): Readonly<Record<string, readonly [Loss, TargetRule]>> => ({
  softmaxCrossEntropy: [softmaxCrossEntropy, ofClasses],
  binaryCrossEntropyWithLogits: [binaryCrossEntropyWithLogits, ofProbability],
  meanSquaredError: [meanSquaredError, ofNumbers],
  huber: [huber, ofNumbers],
  squaredHinge: [squaredHinge, ofMargins],
});

/** Whether a loss is one of this package. */
export function isKnownLoss(loss: Loss): boolean {
  return Object.values(knownLosses()).some(([own]) => own === loss);
}

/** The name of a loss of this package, which bundling does not change; of another one its own, or `a function`. */
export function lossName(loss: Loss): string {
  const known = Object.entries(knownLosses()).find(([, [own]]) => own === loss);
  return known?.[0] ?? (loss.name || 'a function');
}

/**
 * Refuses targets that a loss surely cannot be meant for: it would give a number, and training would teach nothing.
 *
 * @param loss undefined: none was given. Cross-entropy of classes is then chosen, where targets leave no doubt.
 * @param place who asks, and the name of the examples: `data`
 * @throws ArgumentError that names the first target that does not fit and, without a loss, those that would
 */
export function requireTargets(
  loss: Loss | undefined,
  outputs: Shape,
  { targets }: Arrays,
  { operation, name }: { readonly operation: string; readonly name?: string },
): void {
  const field = isLabels(targets) ? 'labels' : 'targets';
  const at = name === undefined ? field : `${name}.${field}`;
  const [, rule] = Object.values(knownLosses()).find(([own]) => own === (loss ?? softmaxCrossEntropy)) ?? [];
  const misfit = rule?.(outputs, targets, at);
  if (!misfit) return;
  const isLabel = isLabels(targets) && outputs[1] !== 1;
  if (loss || isLabel) throw new ArgumentError({ operation, ...misfit });
  throw new ArgumentError({
    operation,
    expected: `a loss, which the data leave open (${misfit.actual})`,
    actual: 'none',
    remedy: `Write ${candidates(outputs, targets, at).join(', or ')}.`,
  });
}

/** Lines that say which loss is meant. */
function candidates(outputs: Shape, targets: NumericArray, at: string): readonly string[] {
  const twoOutputs = 'give the model an output for each class (out: 2)';
  if (isLabels(targets)) return [`${asTargets} with loss: binaryCrossEntropyWithLogits`, twoOutputs];
  const numbers = ['loss: meanSquaredError', 'loss: huber for numbers with outliers'];
  const isBetween = ofProbability(outputs, targets, at) === undefined;
  return isBetween
    ? ['loss: binaryCrossEntropyWithLogits for probabilities', `${numbers[0]} for numbers`]
    : numbers;
}
