import { ArgumentError } from '@funhash/hashing';
import { isFloat, ones, runLogSumExp, ShapeError, sameShape, type Tensor } from '@funhash/tensor';
import { recorded } from '../tape.ts';
import { oneHot } from './index-ops.ts';
import { add, divide, exp, multiply, subtract } from './pointwise.ts';
import { mean, sum } from './reduce.ts';
import { expandDims } from './views.ts';

/** log Σ exp along the last axis: [..., N] → [...]. */
export function logSumExp(x: Tensor): Tensor {
  const output = runLogSumExp(x);
  return recorded([x], output, (g) => [
    multiply(expandDims(g, -1), exp(subtract(x, expandDims(output, -1)))),
  ]);
}

/** Along the last axis. */
export function logSoftmax(x: Tensor): Tensor {
  return subtract(x, expandDims(logSumExp(x), -1));
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
  const probabilities = targetProbabilities(logits, targets, classWeights);
  const [, classes] = logits.shape as [number, number];
  const weights = classWeights ?? ones([classes], { dtype: logits.dtype });
  const weighted = multiply(probabilities, weights);
  const smoothed =
    labelSmoothing === 0
      ? weighted
      : add(multiply(weighted, 1 - labelSmoothing), multiply(weights, labelSmoothing / classes));
  // Σ_c t_c (lse − z_c): with labels exact, with soft targets right for any Σ t.
  const losses = sum(multiply(smoothed, subtract(expandDims(logSumExp(logits), -1), logits)), { axis: -1 });
  if (reduction === 'none') return losses;
  if (reduction === 'sum') return sum(losses);
  return classWeights ? divide(sum(losses), sum(weighted)) : mean(losses);
}

function targetProbabilities(logits: Tensor, targets: Tensor, classWeights: Tensor | undefined): Tensor {
  const operation = 'softmaxCrossEntropy';
  const [batch, classes] = logits.shape as [number, number];
  const labels = targets.dtype === 'i32' && targets.rank === 1;
  if (logits.rank !== 2 || !(labels ? targets.shape[0] === batch : sameShape(targets.shape, logits.shape)))
    throw new ShapeError({
      operation,
      expected: 'logits [B, C] with labels [B] (i32) or probabilities [B, C]',
      actual: `${logits} and ${targets}`,
    });
  if (classWeights && (!labels || classWeights.shape.join() !== String(classes)))
    throw new ArgumentError({
      operation,
      expected: `class weights [${classes}] beside labels`,
      actual: `${classWeights} beside ${targets}`,
    });
  return isFloat(targets.dtype) ? targets : oneHot(targets, classes, logits.dtype as 'f32' | 'f64');
}
