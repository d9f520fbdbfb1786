import { ShapeError, shapeText, type Tensor } from '@funhash/tensor';
import { customGradient, stopGradient } from '../grad.ts';
import { multiply, nary } from './pointwise.ts';
import { mean } from './reduce.ts';
import { reshape, sumTo } from './views.ts';

export interface NormOptions {
  /** γ [C]: what normalised elements are multiplied by. */
  readonly scale: Tensor;
  /** β [C]: added to them then. */
  readonly shift: Tensor;
  /** ε, added to variances. Default 1e-5. */
  readonly epsilon?: number;
}

export interface NormalizedBatch {
  /** Of the shape of x. */
  readonly y: Tensor;
  /** Statistics of each channel, [C], without gradient. */
  readonly mean: Tensor;
  /** With divisor `count`: times count / (count − 1) it is the unbiased one that PyTorch's running statistics take. */
  readonly variance: Tensor;
  /** Elements that each statistic is over. */
  readonly count: number;
}

/**
 * y = γ·(x − mean) / √(variance + ε) + β by the statistics of x over all axes but the last; x [..., C].
 *
 * Ioffe and Szegedy 2015, arXiv:1502.03167, algorithm 1. At inference it is one `multiplyAdd` with running statistics.
 */
export function batchNorm(x: Tensor, { scale, shift, epsilon = 1e-5 }: NormOptions): NormalizedBatch {
  requireChannels('batchNorm', x, scale, shift);
  const axes = x.shape.slice(0, -1).map((_, axis) => axis);
  const { y, center, variance } = normalized(x, axes, scale, shift, epsilon);
  const count = axes.reduce((size, axis) => size * (x.shape[axis] as number), 1);
  const flat = (statistic: Tensor): Tensor => reshape(statistic, scale.shape);
  return { y, mean: flat(center), variance: flat(variance), count };
}

/**
 * y = γ·(x − mean) / √(variance + ε) + β by the statistics of x along its last axis; x [..., C].
 *
 * Ba, Kiros and Hinton 2016, arXiv:1607.06450, eq. 4.
 */
export function layerNorm(x: Tensor, { scale, shift, epsilon = 1e-5 }: NormOptions): Tensor {
  requireChannels('layerNorm', x, scale, shift);
  return normalized(x, [x.rank - 1], scale, shift, epsilon).y;
}

function requireChannels(operation: string, x: Tensor, scale: Tensor, shift: Tensor): void {
  const channels = x.shape.at(-1);
  for (const parameter of [scale, shift])
    if (x.rank < 2 || parameter.rank !== 1 || parameter.shape[0] !== channels)
      throw new ShapeError({
        operation,
        expected: 'x of shape [..., C], scale and shift of shape [C]',
        actual: [x, scale, shift].map(({ shape }) => shapeText(shape)).join(', '),
      });
}

interface Normalized {
  readonly y: Tensor;
  /** Extent 1 along the axes of the statistics; no gradient. */
  readonly center: Tensor;
  readonly variance: Tensor;
}

/** Statistics are over `axes`. The gradient is given, not derived: two passes over x in place of many. */
function normalized(
  x: Tensor,
  axes: readonly number[],
  scale: Tensor,
  shift: Tensor,
  epsilon: number,
): Normalized {
  const over = { axis: axes, keepDims: true };
  const count = axes.reduce((size, axis) => size * (x.shape[axis] as number), 1);
  let statistics: readonly [Tensor, Tensor] | undefined;
  const y = customGradient((x: Tensor, scale: Tensor, shift: Tensor) => {
    const center = mean(x, over);
    const variance = mean(deviation(x, center), over);
    statistics ??= [stopGradient(center), stopGradient(variance)];
    const inverse = inverseDeviation(variance, epsilon);
    const vjp = (g: Tensor): Tensor[] => {
      const alongX = slope(g, x, center, inverse);
      const [dScale, dShift] = [sumTo(alongX, scale.shape), sumTo(g, shift.shape)];
      // With x̂ the normalised x and h = γ·g: dx = (h − mean(h) − x̂·mean(x̂·h)) / √(variance + ε). Where the statistics
      // are of channels, γ is the same for all elements of a mean.
      const [meanH, meanXH] = axes.includes(x.rank - 1)
        ? [mean(multiply(g, scale), over), mean(multiply(alongX, scale), over)]
        : [product(scale, dShift, 1 / count), product(scale, dScale, 1 / count)];
      return [pullBack(g, x, center, inverse, scale, meanH, meanXH), dScale, dShift];
    };
    return { value: affine(x, center, inverse, scale, shift), vjp };
  })(x, scale, shift);
  const [center, variance] = statistics as readonly [Tensor, Tensor];
  return { y, center, variance };
}

const deviation = nary('variance', (x, center) => {
  const distance = x.minus(center);
  return distance.times(distance);
});
const inverseDeviation = nary('normalize', (variance, epsilon) => variance.plus(epsilon).sqrt().inverse());
const affine = nary('normalize', (x, center, inverse, scale, shift) =>
  x.minus(center).times(inverse).times(scale).plus(shift),
);
const slope = nary('normalize gradient', (g, x, center, inverse) => x.minus(center).times(inverse).times(g));
const product = nary('normalize gradient', (a, b, factor) => a.times(b).times(factor));
const pullBack = nary('normalize gradient', (g, x, center, inverse, scale, meanH, meanXH) =>
  g.times(scale).minus(meanH).minus(x.minus(center).times(inverse).times(meanXH)).times(inverse),
);
