import { abs, elementwise, mean, minimum, multiply, oneHot, subtract, sum } from '@funhash/autodiff';
import { ShapeError, sameShape, type Tensor } from '@funhash/tensor';

export { softmaxCrossEntropy } from '@funhash/autodiff';

export interface LossOptions {
  /** Default `mean`, over all elements. */
  readonly reduction?: 'mean' | 'sum' | 'none';
}

/** A differentiable scalar of a model's outputs [B, …] and the targets beside them. */
export type Loss = (outputs: Tensor, targets: Tensor) => Tensor;

function reduced(losses: Tensor, { reduction = 'mean' }: LossOptions): Tensor {
  if (reduction === 'none') return losses;
  return reduction === 'sum' ? sum(losses) : mean(losses);
}

function requireEqualShapes(operation: string, outputs: Tensor, targets: Tensor): void {
  // Broadcasting [B, 1] against [B] would compare every example with every other.
  if (!sameShape(outputs.shape, targets.shape) || outputs.dtype !== targets.dtype)
    throw new ShapeError({
      operation,
      expected: 'outputs and targets of one shape and dtype',
      actual: `${outputs} and ${targets}`,
    });
}

const squaredDifference = elementwise('squaredDifference', (y, t) => y.minus(t).times(y.minus(t)));

/** (y − t)². */
export function meanSquaredError(outputs: Tensor, targets: Tensor, options: LossOptions = {}): Tensor {
  requireEqualShapes('meanSquaredError', outputs, targets);
  return reduced(squaredDifference(outputs, targets), options);
}

const logisticLoss = elementwise('binaryCrossEntropyWithLogits', (y, t) =>
  y.maximum(0).minus(y.times(t)).plus(y.abs().negate().exp().plus(1).log()),
);

/** −t·log σ(y) − (1 − t)·log(1 − σ(y)), without overflow; targets are probabilities. */
export function binaryCrossEntropyWithLogits(
  outputs: Tensor,
  targets: Tensor,
  options: LossOptions = {},
): Tensor {
  requireEqualShapes('binaryCrossEntropyWithLogits', outputs, targets);
  return reduced(logisticLoss(outputs, targets), options);
}

/** d²/2 for d = |y − t| ≤ δ, else δ·(d − δ/2) (Huber 1964). Default δ = 1. */
export function huber(
  outputs: Tensor,
  targets: Tensor,
  { delta = 1, ...options }: LossOptions & { readonly delta?: number } = {},
): Tensor {
  requireEqualShapes('huber', outputs, targets);
  const distance = abs(subtract(outputs, targets));
  const inner = minimum(distance, delta);
  return reduced(multiply(inner, subtract(distance, multiply(inner, 0.5))), options);
}

const hingeSquared = elementwise('squaredHinge', (y, t) => {
  const margin = t.times(-1).times(y).plus(1).maximum(0);
  return margin.times(margin);
});

/**
 * max(0, 1 − t·y)² with t = ±1 (Tang 2013, arXiv:1306.0239, eq. 8).
 *
 * @param outputs [B, C]
 * @param targets ±1 of the same shape, or labels [B] (i32): +1 for the class, −1 for each other
 */
export function squaredHinge(outputs: Tensor, targets: Tensor, options: LossOptions = {}): Tensor {
  const signs = targets.dtype === 'i32' && outputs.rank === 2 ? signsOf(targets, outputs) : targets;
  requireEqualShapes('squaredHinge', outputs, signs);
  return reduced(hingeSquared(outputs, signs), options);
}

function signsOf(labels: Tensor, { shape, dtype }: Tensor): Tensor {
  return subtract(multiply(oneHot(labels, shape[1] as number, dtype as 'f32' | 'f64'), 2), 1);
}
