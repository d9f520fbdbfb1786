import { abs, elementwise, mean, minimum, multiply, oneHot, subtract, sum } from '@funhash/autodiff';
import { checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { requireTensor, ShapeError, sameShape, type Tensor } from '@funhash/tensor';

export { softmaxCrossEntropy } from '@funhash/autodiff';

export const lossRules = {
  /** Form of the result: the mean or the sum over all elements, or the loss of each. Default `mean`. */
  reduction: option.oneOf(['mean', 'sum', 'none']),
};

export const huberRules = {
  ...lossRules,
  /** Distance δ at which squares end. Default 1. */
  delta: option.positive(),
};

/** Options that every loss takes. */
export type LossOptions = OptionsOf<typeof lossRules>;

/** A differentiable scalar of a model's outputs [B, …] and the targets beside them. */
export type Loss = (outputs: Tensor, targets: Tensor) => Tensor;

function reduced(losses: Tensor, { reduction = 'mean' }: LossOptions): Tensor {
  if (reduction === 'none') return losses;
  return reduction === 'sum' ? sum(losses) : mean(losses);
}

function requireOperands(operation: string, outputs: unknown, targets: unknown): void {
  requireTensor(operation, outputs, 'outputs');
  requireTensor(operation, targets, 'targets');
}

function requireEqualShapes(operation: string, outputs: Tensor, targets: Tensor): void {
  requireOperands(operation, outputs, targets);
  // Broadcasting [B, 1] against [B] would compare every example with every other.
  if (!sameShape(outputs.shape, targets.shape) || outputs.dtype !== targets.dtype)
    throw new ShapeError({
      operation,
      expected: 'outputs and targets of one shape and dtype',
      actual: `${outputs} and ${targets}`,
    });
}

const squaredDifference = elementwise('squaredDifference', (y, t) => y.minus(t).times(y.minus(t)));

/**
 * Mean squared error, (y − t)² over all elements.
 *
 * @param outputs [B, …]
 * @param targets of the same shape
 * @throws ShapeError for other shapes
 */
export function meanSquaredError(outputs: Tensor, targets: Tensor, options: LossOptions = {}): Tensor {
  checkOptions('meanSquaredError', lossRules, options);
  requireEqualShapes('meanSquaredError', outputs, targets);
  return reduced(squaredDifference(outputs, targets), options);
}

// t·log(1 + e⁻ʸ) + (1 − t)·log(1 + eʸ): of y and −y one exponential; no term cancels another where t is 0 or 1.
const logisticLoss = elementwise('binaryCrossEntropyWithLogits', (y, t) => {
  const belowZero = y.ifPositive(y.negate(), y);
  const common = belowZero.exp().log1p();
  const rest = t.negate().plus(1);
  return t.times(y.ifPositive(0, y.negate()).plus(common)).plus(rest.times(y.ifPositive(y, 0).plus(common)));
});

/**
 * Binary cross-entropy −t·log σ(y) − (1 − t)·log(1 − σ(y)), without overflow.
 *
 * @param outputs logits, [B, …]
 * @param targets probabilities of the same shape
 * @throws ShapeError for other shapes
 */
export function binaryCrossEntropyWithLogits(
  outputs: Tensor,
  targets: Tensor,
  options: LossOptions = {},
): Tensor {
  checkOptions('binaryCrossEntropyWithLogits', lossRules, options);
  requireEqualShapes('binaryCrossEntropyWithLogits', outputs, targets);
  return reduced(logisticLoss(outputs, targets), options);
}

/**
 * Huber's loss: d²/2 for d = |y − t| ≤ δ, else δ·(d − δ/2) (Huber 1964). Default δ = 1.
 *
 * @param outputs [B, …]
 * @param targets of the same shape
 * @throws ShapeError for other shapes
 */
export function huber(outputs: Tensor, targets: Tensor, options: OptionsOf<typeof huberRules> = {}): Tensor {
  checkOptions('huber', huberRules, options);
  const { delta = 1 } = options;
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
 * Squared hinge loss, max(0, 1 − t·y)² with t = ±1 (Tang 2013, arXiv:1306.0239, eq. 8).
 *
 * @param outputs [B, C]
 * @param targets ±1 of the same shape, or labels [B] (i32): +1 for the class, −1 for each other
 */
export function squaredHinge(outputs: Tensor, targets: Tensor, options: LossOptions = {}): Tensor {
  checkOptions('squaredHinge', lossRules, options);
  requireOperands('squaredHinge', outputs, targets);
  const signs = targets.dtype === 'i32' && outputs.rank === 2 ? signsOf(targets, outputs) : targets;
  requireEqualShapes('squaredHinge', outputs, signs);
  return reduced(hingeSquared(outputs, signs), options);
}

function signsOf(labels: Tensor, { shape, dtype }: Tensor): Tensor {
  return subtract(multiply(oneHot(labels, shape[1] as number, dtype as 'f32' | 'f64'), 2), 1);
}
