import { ArgumentError } from '@funhash/hashing';
import { type FloatDType, runLogSumExp, ShapeError, sameShape, type Tensor } from '@funhash/tensor';
import { recorded, withoutTape } from '../tape.ts';
import { oneHot } from './index-ops.ts';
import { add, divide, exp, multiply, negative, subtract, where } from './pointwise.ts';
import { max, mean, sum } from './reduce.ts';
import { expandDims } from './views.ts';

/** log Σ exp along the last axis: [..., N] → [...]. Of −∞ alone: −∞, with gradient NaN. */
export function logSumExp(x: Tensor): Tensor {
  return recorded([x], runLogSumExp(x), (g) => [multiply(expandDims(g, -1), softmax(x))]);
}

/** Along the last axis. */
export function logSoftmax(x: Tensor): Tensor {
  return negative(surprise(x));
}

// log Σ exp x − x, which stays exact where x is large: its largest element is first moved to 0. No gradient flows
// through the move, for the result does not depend on it.
function surprise(x: Tensor): Tensor {
  const centred = subtract(
    x,
    withoutTape(() => max(x, { axis: -1, keepDims: true })),
  );
  const total = runLogSumExp(centred);
  recorded([centred], total, (g) => [
    multiply(expandDims(g, -1), exp(subtract(centred, expandDims(total, -1)))),
  ]);
  return subtract(expandDims(total, -1), centred);
}

/** Along the last axis. */
export function softmax(x: Tensor): Tensor {
  return exp(logSoftmax(x));
}

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
  const losses = sum(smoothed, { axis: -1 });
  if (reduction === 'none') return losses;
  if (reduction === 'sum') return sum(losses);
  return classWeights ? divide(sum(losses), sum(weighted)) : mean(losses);
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
