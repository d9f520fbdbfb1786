import { type Program, type Real, tracePointwise } from '@funhash/formula';
import { ArgumentError, checkOptions, type OptionsOf, option } from '@funhash/hashing';
import {
  arange,
  type FloatDType,
  requireTensor,
  runCast,
  runGather,
  runLogSumExp,
  runMap,
  runReduce,
  ShapeError,
  sameShape,
  sizeOf,
  type Tensor,
} from '@funhash/tensor';
import { recorded, withoutTape } from '../tape.ts';
import { axisOf, withAxesJoined, withAxisLast, withLastAt } from './axis-last.ts';
import { gatherRows, oneHot } from './index-ops.ts';
import { axisAdvice, axisOption, tensorOption } from './option-rules.ts';
import {
  add,
  applyPointwise,
  divide,
  elementwise,
  multiply,
  negative,
  notEqual,
  subtract,
  where,
} from './pointwise.ts';
import { sum } from './reduce.ts';
import { type ReduceOptions, reduceRules, reductionOf } from './reduction.ts';
import { expandDims, reshape, sumOver } from './views.ts';

const axisRules = {
  /** The axis along which elements compete, counted from the last where negative. Default the last. */
  axis: axisOption(),
};

/** Options of `softmax` and `logSoftmax`. */
export type SoftmaxOptions = OptionsOf<typeof axisRules>;

/**
 * log Σ exp over some axes, by default the last: x of any shape but [] → the shape without these axes. −∞ where all
 * elements are, with gradient NaN.
 *
 * @throws OptionError for an unknown option; ShapeError for an axis that x lacks
 */
export function logSumExp(x: Tensor, options?: ReduceOptions): Tensor {
  requireTensor('logSumExp', x);
  if (options === undefined) return alongLast(x);
  checkOptions('logSumExp', reduceRules, options, axisAdvice);
  const { axes, shape } = reductionOf('logSumExp', x, { axis: -1, ...options });
  const sums = alongLast(withAxesJoined(x, axes));
  return shape
    ? sums
    : reshape(
        sums,
        x.shape.map((extent, k) => (axes.includes(k) ? 1 : extent)),
      );
}

function alongLast(x: Tensor): Tensor {
  return recorded([x], runLogSumExp(x), (g) => [multiply(expandDims(g, -1), softmax(x))]);
}

/**
 * Logarithms of the softmax along an axis, x − log Σ exp(x), exact where the softmax underflows: x of any shape but [] →
 * the same shape.
 *
 * @throws OptionError for an unknown option; ShapeError for an axis that x lacks
 */
export function logSoftmax(x: Tensor, options?: SoftmaxOptions): Tensor {
  return alongAxis('logSoftmax', x, options, (line) => negative(surprise(line)));
}

/**
 * exp(x) / Σ exp(x) along an axis: x of any shape but [] → probabilities of the same shape.
 *
 * @throws OptionError for an unknown option; ShapeError for an axis that x lacks
 */
export function softmax(x: Tensor, options?: SoftmaxOptions): Tensor {
  return alongAxis('softmax', x, options, (line) => probability(surprise(line)));
}

function alongAxis(
  operation: string,
  x: Tensor,
  options: SoftmaxOptions | undefined,
  op: (line: Tensor) => Tensor,
): Tensor {
  if (options !== undefined) checkOptions(operation, axisRules, options, axisAdvice);
  const axis = axisOf(operation, x, options?.axis ?? -1);
  return withLastAt(op(withAxisLast(x, axis)), axis);
}

const probability = elementwise('softmax', (s) => s.negate().exp());

// −log softmax along the last axis.
function surprise(x: Tensor): Tensor {
  const output = withoutTape(() => {
    const { centred, normaliser } = centredOf(x);
    return subtract(normaliser, centred);
  });
  return withSurpriseGradient(x, output);
}

// The largest element is first moved to 0, so that large ones lose no digits.
function centredOf(x: Tensor): { readonly centred: Tensor; readonly normaliser: Tensor } {
  const largest = runReduce('max', x, [-1]);
  const centred = subtract(x, largest);
  return { centred, normaliser: runLogSumExp(centred).view(largest.shape, largest.strides, 0) };
}

function withSurpriseGradient(x: Tensor, output: Tensor): Tensor {
  return recorded([x], output, (g) => [surpriseGradient(output, sumOver(g, [g.rank - 1]), g)]);
}

const surpriseGradient = elementwise('softmax gradient', (s, total, g) =>
  s.negate().exp().times(total).minus(g),
);

const rules = {
  /** How losses of the examples become one. Default `mean`: over the batch, weighted where classes are, as PyTorch's. */
  reduction: option.oneOf(['mean', 'sum', 'none']),
  /** Weight of each class, [C]; only with labels. Default: 1 each. */
  classWeights: tensorOption(),
  /** Share ε of the target that is spread evenly over all classes, from 0 to 1. Default 0. */
  labelSmoothing: option.real({ least: 0, most: 1 }),
  /** A label that is none: its rows have loss 0 and do not count in the mean. Default: there is none. */
  ignoreIndex: option.that<number>('a whole number', Number.isInteger),
};

/** Options of `softmaxCrossEntropy`. */
export type CrossEntropyOptions = OptionsOf<typeof rules>;

/**
 * Cross-entropy of softmax(logits) against targets, computed from logits without forming the softmax.
 *
 * @param logits [B, C], or of more leading axes
 * @param targets labels [B] (i32), or probabilities [B, C]
 * @returns a scalar, or [B] with reduction `none`
 * @throws ShapeError for shapes that do not fit; OptionError for an unknown option
 */
export function softmaxCrossEntropy(logits: Tensor, targets: Tensor, options?: CrossEntropyOptions): Tensor {
  requireTensor('softmaxCrossEntropy', logits, 'logits');
  requireTensor('softmaxCrossEntropy', targets, 'targets');
  if (options !== undefined) checkOptions('softmaxCrossEntropy', rules, options);
  requireFitting(logits, targets, options ?? {});
  if (options?.ignoreIndex !== undefined)
    return withoutIgnored(logits, targets, options, options.ignoreIndex);
  if (logits.rank === 2) return ofRows(logits, targets, options ?? {});
  const losses = ofRows(
    asRows(logits),
    targets.dtype === 'i32' ? asRow(targets) : asRows(targets),
    options ?? {},
  );
  return options?.reduction === 'none' ? reshape(losses, logits.shape.slice(0, -1)) : losses;
}

const asRow = (x: Tensor): Tensor => reshape(x, [x.size]);
const asRows = (x: Tensor): Tensor => reshape(x, [sizeOf(x.shape.slice(0, -1)), x.shape.at(-1) as number]);

function withoutIgnored(
  logits: Tensor,
  targets: Tensor,
  { reduction = 'mean', ignoreIndex: _, ...options }: CrossEntropyOptions,
  ignored: number,
): Tensor {
  const { classWeights } = options;
  const numbers = runCast(asRow(targets), logits.dtype);
  const counts = notEqual(numbers, ignored);
  // Class 0 in the place of the label: the loss of it is not taken.
  const labels = runCast(multiply(numbers, counts), 'i32');
  const losses = where(counts, ofRows(asRows(logits), labels, { ...options, reduction: 'none' }), 0);
  if (reduction === 'none') return reshape(losses, targets.shape);
  if (reduction === 'sum') return sum(losses);
  return divide(sum(losses), sum(classWeights ? multiply(counts, gatherRows(classWeights, labels)) : counts));
}

function ofRows(logits: Tensor, targets: Tensor, options: CrossEntropyOptions): Tensor {
  const { reduction = 'mean', classWeights, labelSmoothing = 0 } = options;
  const labels = targets.dtype === 'i32';
  const [batch, classes] = logits.shape as [number, number];
  if (labels && !classWeights && labelSmoothing === 0 && batch > 0)
    return plainLoss(logits, targets, reduction);
  const share = labels ? oneHot(targets, classes, logits.dtype as FloatDType) : targets;
  const weighted = classWeights ? multiply(share, classWeights) : share;
  // Σ_c t_c (lse − z_c): with labels exact, with soft targets right for any Σ t.
  const surprises = surprise(logits);
  // A label chooses: classes ruled out by a logit of −∞ have no part in the loss, where a product 0·∞ would be NaN.
  const terms = labels
    ? where(share, classWeights ? multiply(surprises, classWeights) : surprises, 0)
    : multiply(share, surprises);
  const smoothing = labelSmoothing / classes;
  const evenly = classWeights ? multiply(classWeights, smoothing) : smoothing;
  const smoothed =
    labelSmoothing === 0 ? terms : add(multiply(terms, 1 - labelSmoothing), multiply(surprises, evenly));
  if (reduction === 'none') return sum(smoothed, { axis: -1 });
  const total = sum(smoothed);
  if (reduction === 'sum') return total;
  return divide(total, classWeights ? sum(weighted) : batch);
}

// The usual case in fewer kernels: what the label chooses is told inside of them, and one forms the whole gradient.
function plainLoss(logits: Tensor, labels: Tensor, reduction: 'mean' | 'sum' | 'none'): Tensor {
  const [batch, classes] = logits.shape as [number, number];
  const numbers = arange(classes, { dtype: logits.dtype });
  // As in oneHot, reading the labels from the class numbers converts them and checks their range.
  const label = runGather(numbers, labels).view([batch, 1], [1, 1], 0);
  const scale = reduction === 'mean' ? 1 / batch : 1;
  const { centred, normaliser } = withoutTape(() => centredOf(logits));
  programs ??= { terms: tracePointwise(4, 1, termsOf), gradient: tracePointwise(4, 1, gradientOf) };
  const { terms: program, gradient } = programs;
  const operands = [normaliser, centred, label, numbers];
  const [surprises, terms] = runMap('softmaxCrossEntropy', program, operands, [scale]) as [Tensor, Tensor];
  withSurpriseGradient(logits, surprises);
  const losses =
    reduction === 'none' ? runReduce('sum', terms, [1], [batch]) : runReduce('sum', terms, [0, 1], []);
  return recorded([logits], losses, (g) => {
    const dLosses = reduction === 'none' ? expandDims(g, -1) : g;
    const given = [surprises, label, numbers, dLosses];
    return [applyPointwise('softmaxCrossEntropy gradient', gradient, given, [scale])];
  });
}

let programs: { readonly terms: Program; readonly gradient: Program } | undefined;

function termsOf(operands: readonly Real[], scalars: readonly Real[]): Real[] {
  const [normaliser, x, label, number] = operands as [Real, Real, Real, Real];
  const surprise = normaliser.minus(x);
  return [surprise, ofClass(label, number, surprise.times(scalars[0] as Real))];
}

function gradientOf(operands: readonly Real[], scalars: readonly Real[]): Real[] {
  const [surprise, label, number, g] = operands as [Real, Real, Real, Real];
  const share = g.times(scalars[0] as Real);
  return [
    surprise
      .negate()
      .exp()
      .times(share)
      .minus(ofClass(label, number, share)),
  ];
}

const ofClass = (label: Real, number: Real, value: Real): Real =>
  label.minus(number).abs().ifPositive(0, value);

function requireFitting(
  logits: Tensor,
  targets: Tensor,
  { classWeights, ignoreIndex }: CrossEntropyOptions,
): void {
  const operation = 'softmaxCrossEntropy';
  const classes = logits.shape.at(-1);
  const labels = targets.dtype === 'i32';
  const fits = sameShape(targets.shape, labels ? logits.shape.slice(0, -1) : logits.shape);
  if (logits.rank < 2 || !fits)
    throw new ShapeError({
      operation,
      expected: 'logits [B, C] with labels [B] (i32) or probabilities [B, C]',
      actual: `${logits} and ${targets}`,
    });
  if (classWeights && (!labels || !sameShape(classWeights.shape, [classes as number])))
    throw new ArgumentError({
      operation,
      expected: `class weights [${classes}] beside labels`,
      actual: `${classWeights} beside ${targets}`,
    });
  if (ignoreIndex !== undefined && !labels)
    throw new ArgumentError({
      operation,
      expected: 'labels (i32) beside ignoreIndex',
      actual: String(targets),
    });
}
