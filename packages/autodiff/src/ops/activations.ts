import { Real } from '@funhash/formula';
import { checkOptions, type OptionsOf, option } from '@funhash/hashing';
import type { Tensor } from '@funhash/tensor';
import { hardTanh as hardTanhOf } from '../quantizers/binarize.ts';
import { exactGelu } from './erf.ts';
import { leaky } from './leaky.ts';
import { elementwise, elu as plainElu, leakyRelu as plainLeakyRelu, gelu as tanhGelu } from './pointwise.ts';

// Activations with options, and such as are made of straight lines. Layers take the plain ones of pointwise.ts by name.

const geluRules = {
  /** The form: by the tanh, or exact, with the distribution function of the normal distribution (none). Default tanh. */
  approximate: option.oneOf(['tanh', 'none']),
};

/** Options of `gelu`. */
export type GeluOptions = OptionsOf<typeof geluRules>;

/**
 * The Gaussian error linear unit x·Φ(x), by default in its tanh form (Hendrycks and Gimpel 2016, arXiv:1606.08415).
 * PyTorch's default is the exact one, `gelu(x, { approximate: 'none' })`.
 *
 * @throws OptionError for an unknown option
 */
export function gelu(x: Tensor, options: GeluOptions = {}): Tensor {
  checkOptions('gelu', geluRules, options);
  return options.approximate === 'none' ? exactGelu(x) : tanhGelu(x);
}

const eluRules = {
  /** α, what eˣ − 1 is multiplied by below 0. Default 1. */
  alpha: option.real(),
};

/** Options of `elu`. */
export type EluOptions = OptionsOf<typeof eluRules>;

/**
 * x where positive, else α·(eˣ − 1): the exponential linear unit (Clevert et al. 2015, arXiv:1511.07289).
 *
 * @throws OptionError for an unknown option
 */
export function elu(x: Tensor, options: EluOptions = {}): Tensor {
  checkOptions('elu', eluRules, options);
  const { alpha = 1 } = options;
  return alpha === 1 ? plainElu(x) : bent(plainElu(x), alpha);
}

const leakyRules = {
  /** The slope below 0. Default 0.01. */
  negativeSlope: option.real(),
};

/** Options of `leakyRelu`. */
export type LeakyReluOptions = OptionsOf<typeof leakyRules>;

/**
 * x where positive, else a small multiple of x: the leaky ReLU.
 *
 * @throws OptionError for an unknown option
 */
export function leakyRelu(x: Tensor, options: LeakyReluOptions = {}): Tensor {
  checkOptions('leakyRelu', leakyRules, options);
  const { negativeSlope } = options;
  return negativeSlope === undefined ? plainLeakyRelu(x) : bent(x, negativeSlope);
}

const bent = elementwise('leakyRelu', leaky);

const straight = elementwise('hardTanh', hardTanhOf);

/** x kept within ±1; the gradient is 1 at the bounds, too. Of one element, in statements of `elementwise`, as well. */
export function hardTanh(x: Tensor): Tensor;
export function hardTanh(x: Real): Real;
export function hardTanh(x: Tensor | Real): Tensor | Real {
  return x instanceof Real ? hardTanhOf(x) : straight(x);
}

/** x / 6 + 1/2 kept within [0, 1]: a logistic function of straight lines (Courbariaux et al. 2015, arXiv:1511.00363). */
export const hardSigmoid = elementwise('hardSigmoid', (x) =>
  x.minus(3).ifPositive(
    1,
    x
      .plus(3)
      .negate()
      .ifPositive(0, x.times(1 / 6).plus(0.5)),
  ),
);

/** x·hardSigmoid(x): 0 up to −3, x from 3 on (Howard et al. 2019, arXiv:1905.02244). */
export const hardSwish = elementwise('hardSwish', (x) => {
  const c = hardTanhOf(x.times(1 / 3)).times(3);
  return x.minus(3).ifPositive(
    x,
    c
      .plus(3)
      .times(c)
      .times(1 / 6),
  );
});
