import { checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { requireTensor, ShapeError, sameShape, shapeText, type Tensor } from '@funhash/tensor';
import { customGradient, stopGradient } from '../grad.ts';
import { nearestPowerOfTwo, powerOfTwo } from '../quantizers/power-of-two.ts';
import { tensorOption } from './option-rules.ts';
import { elementwise, multiply } from './pointwise.ts';
import { mean } from './reduce.ts';
import { reshape, sumTo } from './views.ts';

const rules = {
  /** γ [C], what normalised elements are multiplied by; of `layerNorm` it may have more axes. */
  scale: option.required(tensorOption()),
  /** β [C], what is then added to them. */
  shift: option.required(tensorOption()),
  /** ε ≥ 0, what is added to variances. Default 1e-5. */
  epsilon: option.real({ least: 0 }),
};

/** Options of `batchNorm`, `shiftBatchNorm` and `layerNorm`. */
export type NormOptions = OptionsOf<typeof rules>;

/** A batch normalised by its own statistics, and these. */
export interface NormalizedBatch {
  /** The result, of the shape of x. */
  readonly y: Tensor;
  /** The mean of each channel, [C], without gradient. */
  readonly mean: Tensor;
  /**
   * The variance of each channel, [C], without gradient, with divisor `count`: times count / (count − 1) it is the
   * unbiased one that PyTorch's running statistics take.
   */
  readonly variance: Tensor;
  /** The number of elements that each statistic is over. */
  readonly count: number;
}

/**
 * y = γ·(x − mean) / √(variance + ε) + β by the statistics of x over all axes but the last; x [..., C].
 *
 * Ioffe and Szegedy 2015, arXiv:1502.03167, algorithm 1. At inference it is one `multiplyAdd` with running statistics.
 *
 * @throws ShapeError where channels differ in number; OptionError for an unknown option
 */
export function batchNorm(x: Tensor, options: NormOptions): NormalizedBatch {
  return overBatch('batchNorm', x, options, exact);
}

/**
 * `batchNorm` without other products than shifts: with AP2 the nearest power of two and c = x − mean,
 * y = AP2(γ)·c·AP2(1 / √(variance + ε)) + β, where the variance is the mean of c·AP2(c). The gradient is that of
 * `batchNorm` with these powers of two in their places, and passes through AP2(γ) to γ.
 *
 * Courbariaux et al. 2016, arXiv:1602.02830, algorithm 2.
 *
 * @throws ShapeError where channels differ in number; OptionError for an unknown option
 */
export function shiftBatchNorm(x: Tensor, options: NormOptions): NormalizedBatch {
  return overBatch('shiftBatchNorm', x, options, shifts);
}

function overBatch(operation: string, x: Tensor, options: NormOptions, by: Arithmetic): NormalizedBatch {
  requireChannels(operation, x, options);
  const { scale, shift, epsilon = 1e-5 } = options;
  const axes = x.shape.slice(0, -1).map((_, axis) => axis);
  const { y, center, variance } = normalized(x, axes, scale, shift, epsilon, by);
  const count = axes.reduce((size, axis) => size * (x.shape[axis] as number), 1);
  const flat = (statistic: Tensor): Tensor => reshape(statistic, scale.shape);
  return { y, mean: flat(center), variance: flat(variance), count };
}

/**
 * y = γ·(x − mean) / √(variance + ε) + β by the statistics of x along the axes that γ and β have: the last one where they
 * are [C], the last two of x [..., H, C] where they are [H, C], and so on.
 *
 * Ba, Kiros and Hinton 2016, arXiv:1607.06450, eq. 4.
 *
 * @throws ShapeError where extents differ; OptionError for an unknown option
 */
export function layerNorm(x: Tensor, options: NormOptions): Tensor {
  const operation = 'layerNorm';
  requireTensor(operation, x);
  checkOptions(operation, rules, options);
  const { scale, shift, epsilon = 1e-5 } = options;
  const lead = x.rank - scale.rank;
  const own = x.shape.slice(Math.max(1, lead));
  if (scale.rank < 1 || !sameShape(scale.shape, own) || !sameShape(shift.shape, own))
    throw new ShapeError({
      operation,
      expected: 'x of shape [..., C], scale and shift of shape [C], or more last axes of x',
      actual: [x, scale, shift].map(({ shape }) => shapeText(shape)).join(', '),
    });
  const axes = own.map((_, axis) => lead + axis);
  return normalized(x, axes, scale, shift, epsilon, exact).y;
}

function requireChannels(operation: string, x: Tensor, options: NormOptions): void {
  requireTensor(operation, x);
  checkOptions(operation, rules, options);
  const { scale, shift } = options;
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

/** Products of a normalisation: exact, or by shifts. */
interface Arithmetic {
  /** Squares of deviations from the mean. */
  squares(x: Tensor, center: Tensor): Tensor;
  /** 1 / √(variance + ε). */
  inverse(variance: Tensor, epsilon: number): Tensor;
  /** What normalised elements are multiplied by, for γ. */
  factor(scale: Tensor): Tensor;
}

/** Statistics are over `axes`. The gradient is given, not derived: two passes over x in place of many. */
function normalized(
  x: Tensor,
  axes: readonly number[],
  scale: Tensor,
  shift: Tensor,
  epsilon: number,
  { squares, inverse: inverseOf, factor: factorOf }: Arithmetic,
): Normalized {
  const over = { axis: axes, keepDims: true };
  const count = axes.reduce((size, axis) => size * (x.shape[axis] as number), 1);
  let statistics: readonly [Tensor, Tensor] | undefined;
  const y = customGradient((x: Tensor, scale: Tensor, shift: Tensor) => {
    const center = mean(x, over);
    const variance = mean(squares(x, center), over);
    statistics ??= [stopGradient(center), stopGradient(variance)];
    const inverse = inverseOf(variance, epsilon);
    const factor = factorOf(scale);
    const vjp = (g: Tensor): Tensor[] => {
      const alongX = slope(g, x, center, inverse);
      const [dScale, dShift] = [sumTo(alongX, scale.shape), sumTo(g, shift.shape)];
      // With x̂ the normalised x and h = γ·g: dx = (h − mean(h) − x̂·mean(x̂·h)) / √(variance + ε). Where the statistics
      // are of channels, γ is the same for all elements of a mean.
      const [meanH, meanXH] = axes.includes(x.rank - 1)
        ? [mean(multiply(g, factor), over), mean(multiply(alongX, factor), over)]
        : [product(factor, dShift, 1 / count), product(factor, dScale, 1 / count)];
      return [pullBack(g, x, center, inverse, factor, meanH, meanXH), dScale, dShift];
    };
    return { value: affine(x, center, inverse, factor, shift), vjp };
  })(x, scale, shift);
  const [center, variance] = statistics as readonly [Tensor, Tensor];
  return { y, center, variance };
}

const deviation = elementwise('variance', (x, center) => {
  const distance = x.minus(center);
  return distance.times(distance);
});
const inverseDeviation = elementwise('normalize', (variance, epsilon) =>
  variance.plus(epsilon).sqrt().inverse(),
);
const affine = elementwise('normalize', (x, center, inverse, scale, shift) =>
  x.minus(center).times(inverse).times(scale).plus(shift),
);
const slope = elementwise('normalize gradient', (g, x, center, inverse) =>
  x.minus(center).times(inverse).times(g),
);
const product = elementwise('normalize gradient', (a, b, factor) => a.times(b).times(factor));
const pullBack = elementwise('normalize gradient', (g, x, center, inverse, scale, meanH, meanXH) =>
  g.times(scale).minus(meanH).minus(x.minus(center).times(inverse).times(meanXH)).times(inverse),
);

const exact: Arithmetic = {
  squares: deviation,
  inverse: inverseDeviation,
  factor: (scale) => scale,
};

const shifts: Arithmetic = {
  squares: elementwise('variance by shifts', (x, center) => {
    const distance = x.minus(center);
    return distance.times(nearestPowerOfTwo(distance));
  }),
  inverse: elementwise('normalize by shifts', (variance, epsilon) =>
    nearestPowerOfTwo(variance.plus(epsilon).sqrt().inverse()),
  ),
  factor: powerOfTwo,
};
