import { ArgumentError } from '@funhash/hashing';
import { type FloatDType, runLogSumExp, ShapeError, sameShape, type Tensor } from '@funhash/tensor';
import { recorded, withoutTape } from '../tape.ts';
import { oneHot } from './index-ops.ts';
import { add, divide, multiply, negative, subtract, ternary, unary, where } from './pointwise.ts';
import { max, sum } from './reduce.ts';
import { expandDims } from './views.ts';

/** log Σ exp along the last axis: [..., N] → [...]. Of −∞ alone: −∞, with gradient NaN. */
export function logSumExp(x: Tensor): Tensor {
  return recorded([x], runLogSumExp(x), (g) => [multiply(expandDims(g, -1), softmax(x))]);
}

/** Along the last axis. */
export function logSoftmax(x: Tensor): Tensor {
  return negative(surprise(x));
}

/** Along the last axis. */
export function softmax(x: Tensor): Tensor {
  return probability(surprise(x));
}

const probability = unary('softmax', (s) => s.negate().exp());

// −log softmax along the last axis. The largest element is first moved to 0, so that large ones lose no digits.
function surprise(x: Tensor): Tensor {
  const output = withoutTape(() => {
    const centred = subtract(x, max(x, { axis: -1, keepDims: true }));
    return subtract(expandDims(runLogSumExp(centred), -1), centred);
  });
  return recorded([x], output, (g) => [surpriseGradient(output, sum(g, { axis: -1, keepDims: true }), g)]);
}

const surpriseGradient = ternary('softmax gradient', (s, total, g) => s.negate().exp().times(total).minus(g));

export interface CrossEntropyOptions {
  /** Default `mean`: over the batch, weighted where classes have weights, as PyTorch's is. */
  readonly reduction?: 'mean' | 'sum' | 'none';
  /** Weight of each class, [C]; only with labels. */
  readonly classWeights?: Tensor;
  /** Share ε of the target spread evenly over all classes. Default 0. */
  readonly labelSmoothing?: number;
}

/**
 * Cross-entropy of softmax(logits) against targets, computed from logits without forming the softmax.
 *
 * @param logits [B, C]
 * @param targets labels [B] (i32), or probabilities [B, C]
 * @returns a scalar, or [B] with reduction `none`
 */
export function softmaxCrossEntropy(
  logits: Tensor,
  targets: Tensor,
  { reduction = 'mean', classWeights, labelSmoothing = 0 }: CrossEntropyOptions = {},
): Tensor {
  requireFitting(logits, targets, classWeights);
  const labels = targets.dtype === 'i32';
  const [, classes] = logits.shape as [number, number];
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
  return divide(total, classWeights ? sum(weighted) : (logits.shape[0] as number));
}

function requireFitting(logits: Tensor, targets: Tensor, classWeights: Tensor | undefined): void {
  const operation = 'softmaxCrossEntropy';
  const [batch, classes] = logits.shape;
  const labels = targets.dtype === 'i32';
  const fits = labels
    ? targets.rank === 1 && targets.shape[0] === batch
    : sameShape(targets.shape, logits.shape);
  if (logits.rank !== 2 || !fits)
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
}
