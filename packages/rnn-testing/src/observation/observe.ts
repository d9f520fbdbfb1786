import { checkArgument, option, random } from '@funhash/hashing';
import type { Model } from '@funhash/layers';
import { scope, type Tensor, tensor } from '@funhash/tensor';
import { NoRecurrentLayerError, SequenceError } from '../errors.ts';
import { type Reading, readingOf } from './reading.ts';
import type { Sequence, SequenceList } from './sequences.ts';
import type { StepWindow } from './window.ts';

/** What a layer shows at every step: hidden or cell state, or a gate. */
export interface Signal {
  /** Place and name as `Pass.observe` gives them: `1.hidden`, `1.gate.forget`, `0.hiddenReverse1`. */
  readonly name: string;
  /** Steps of a sequence. */
  readonly steps: number;
  readonly units: number;
}

/** What a batch of sequences made a model do. */
export interface Observation {
  readonly count: number;
  /** Class that the model gives, [count]. */
  readonly answers: Int32Array;
  /** Lead of its score over the next, [count]. */
  readonly margins: Float64Array;
  readonly readings: ReadonlyMap<string, Reading>;
}

const fullName = (place: string, name: string): string => (place === '' ? name : `${place}.${name}`);
/** Whether a signal is a gate, which has no value before the first step and is averaged over units. */
export const isGate = (name: string): boolean => /(^|[.])gate[.]/.test(name);
const isReversed = (name: string): boolean => /Reverse\d*$/.test(name);

const modelRule = option.that<Model>(
  'a model',
  (value) => typeof (value as Model | undefined)?.forward === 'function',
);

const sequencesRule = option.that<SequenceList>('sequences { inputShape, items }', (value) => {
  if (typeof value !== 'object' || value === null) return false;
  const { inputShape, items } = value as SequenceList;
  return (
    Array.isArray(inputShape) &&
    Array.isArray(items) &&
    items.length > 0 &&
    items.every((item) => item?.values)
  );
});

/**
 * The signals that a model shows for a sequence, in the order of the pass: whatever its layers give to `Pass.observe` for every
 * step, besides their outputs.
 *
 * @throws NoRecurrentLayerError where it shows none
 */
export function signalsOf(model: Model, sequences: SequenceList): readonly Signal[] {
  checkArgument('signalsOf', 'model', modelRule, model);
  checkArgument('signalsOf', 'sequences', sequencesRule, sequences);
  const found: Signal[] = [];
  scope(() =>
    forward(model, sequences.inputShape, sequences.items.slice(0, 1), 'after', (name, { shape }) => {
      if (shape.length === 3 && shape[0] === 1)
        found.push({ name, steps: shape[1] as number, units: shape[2] as number });
    }),
  );
  if (found.length === 0)
    throw new NoRecurrentLayerError({
      operation: 'signalsOf',
      expected: 'a model with a recurrent layer, such as LSTM or GRU',
      actual: 'one that shows no state at any step',
      remedy: 'A layer of your own shows its states by pass.observe.',
    });
  return found;
}

/** The hidden state nearest to the answer, that of reading forwards. */
export function defaultSignal(signals: readonly Signal[]): Signal {
  const hidden = signals.filter(({ name }) => /(^|[.])hidden\d*$/.test(name));
  return (hidden.at(-1) ?? signals.at(-1)) as Signal;
}

/** Runs a model on a batch and reduces what the named signals did over a window. */
export function observe(
  model: Model,
  inputShape: readonly number[],
  batch: readonly Sequence[],
  window: StepWindow,
  names: ReadonlySet<string>,
): Observation {
  return scope(() => {
    const readings = new Map<string, Reading>();
    const output = forward(model, inputShape, batch, window.padding, (name, values) => {
      if (!names.has(name) || values.rank !== 3) return;
      const [count, total, units] = values.shape as [number, number, number];
      readings.set(
        name,
        readingOf(values.dataSync(), { count, total, units }, window, {
          lengths: (k) => batch[k]?.length ?? total,
          start: isGate(name) ? 'same' : 'zero',
          isReversed: isReversed(name),
        }),
      );
    });
    return { count: batch.length, ...answersOf(output, batch.length), readings };
  });
}

function forward(
  model: Model,
  inputShape: readonly number[],
  batch: readonly Sequence[],
  padding: 'after' | 'before',
  show: (name: string, values: Tensor) => void,
): Tensor {
  const size = inputShape.reduce((product, extent) => product * extent, 1);
  const isTokens = batch[0]?.values instanceof Int32Array;
  const inputs = new (isTokens ? Int32Array : Float32Array)(batch.length * size);
  batch.forEach(({ values }, k) => {
    if (values.length !== size)
      throw new SequenceError({
        operation: 'observe',
        expected: `sequences of ${size} numbers`,
        actual: `one of ${values.length}`,
      });
    inputs.set(values, k * size);
  });
  const isMasked = batch.some(({ length }) => length !== undefined);
  return model.forward(tensor(inputs, [batch.length, ...inputShape]), {
    training: false,
    random: random(0),
    ...(isMasked && { mask: maskOf(batch, inputShape[0] as number, padding) }),
    observe: (place, name, values) => {
      if (name !== 'output') show(fullName(place, name), values);
    },
  });
}

function maskOf(batch: readonly Sequence[], total: number, padding: 'after' | 'before'): Tensor {
  const mask = new Float32Array(batch.length * total);
  batch.forEach(({ length = total }, k) => {
    if (length < 1 || length > total)
      throw new SequenceError({
        operation: 'observe',
        expected: `from 1 to ${total} real steps`,
        actual: `${length} in sequence ${k}`,
        remedy: 'Leave sequences out of which every step is masked.',
      });
    const begin = padding === 'after' ? 0 : total - length;
    mask.fill(1, k * total + begin, k * total + begin + length);
  });
  return tensor(mask, [batch.length, total]);
}

/** Classes and margins: the highest of several scores, or the sign of a single one. */
function answersOf(output: Tensor, count: number): Pick<Observation, 'answers' | 'margins'> {
  const [rows, classes = 1] = output.shape;
  if (rows !== count || output.rank > 2)
    throw new SequenceError({
      operation: 'observe',
      expected: `scores of classes, [${count}, classes], or one score each`,
      actual: `[${output.shape.join(', ')}]`,
      remedy: "Give the recurrent layer output: 'last', and a Dense layer behind it.",
    });
  const scores = output.dataSync();
  const answers = new Int32Array(count);
  const margins = new Float64Array(count);
  for (let k = 0; k < count; k++) {
    if (classes === 1) {
      const score = scores[k] as number;
      answers[k] = score > 0 ? 1 : 0;
      margins[k] = Math.abs(score);
      continue;
    }
    let [best, next, at] = [-Infinity, -Infinity, 0];
    for (let c = 0; c < classes; c++) {
      const score = scores[k * classes + c] as number;
      if (score > best) [best, next, at] = [score, best, c];
      else if (score > next) next = score;
    }
    answers[k] = at;
    margins[k] = best - next;
  }
  return { answers, margins };
}
