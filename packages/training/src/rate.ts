import {
  add,
  elementwise,
  exp,
  log,
  maximum,
  minimum,
  multiply,
  reshape,
  softmax,
  stopGradient,
  subtract,
  sum,
} from '@funhash/autodiff';
import { learnedLevel } from '@funhash/autodiff/op-parts';
import type { Real } from '@funhash/formula';
import { ArgumentError, checkArgument, checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { type Model, moveBuffer } from '@funhash/layers';
import { Parameter } from '@funhash/space';
import type { Tensor } from '@funhash/tensor';
import { modelRule } from './evaluate.ts';
import type { Penalty, PenaltyPass } from './penalty.ts';

export const rateRules = {
  /** What a bit costs, in units of the loss: 1e-6 to 1e-4 for means over examples. Either this or `bytes`. */
  weight: option.positive(),
  /** Bytes that all levels shall come to: the weight of a bit is steered to it. Steps, biases and descriptions are not counted. */
  bytes: option.positive(),
  /** What a bit costs at the start of a run with `bytes`. Default 1e-6. */
  start: option.positive(),
  /** Share of the steps of a run until which the budget falls from what the weights take at the start to `bytes`. Default 0.5. */
  until: option.real({ least: 0, most: 1 }),
  /** The name of the density that prices a tensor: those of one name share it. Default: each tensor has its own. */
  group: option.callable<(name: string) => string>(),
};

/** Options of `rate`. */
export type RateOptions = OptionsOf<typeof rateRules>;

/** A penalty that tells what it prices. */
export interface Rate extends Penalty {
  /** Bits of all levels under the densities as they are. */
  bits(): Promise<number>;
  /** What a bit costs now, in units of the loss. */
  weight(): Promise<number>;
}

/** Logistic densities that a mixture has. */
const components = 3;
const startScales = [0.3, 1, 4];
/** What the logarithm of the price moves by over a whole run whose bits are e times the budget; where its length is not known, over 5 000 steps. */
const reach = 150;
const unknownSteps = 5000;
/**
 * Logarithm of what the price is multiplied by at once in a step whose bits are e times the target. It damps: weights at 0 come back
 * slowly, so a price that has to be summed up first ends far below the budget, the more so where learning rates fall.
 */
const answer = 30;
/** What of the excess, as a logarithm, is answered at most: a price that jumps by more would end what the loss has learned. */
const mostAnswered = 0.3;

/** Logarithms of the prices that are taken at all: one that is beyond would be summed up where a budget cannot be met, until it is infinite. */
const [leastPrice, mostPrice] = [-40, 0];

/** F(|k| + ½) − F(|k| − ½) of the logistic distribution, from its small side, times the weight of it. */
function shareOf(size: Real, spread: Real, weight: Real): Real {
  const below = size.minus(0.5).over(spread).negate().logistic();
  const above = size.plus(0.5).over(spread).negate().logistic();
  return below.minus(above).times(weight);
}

/** The share that a component has of a level, and of the latent value as it stands between levels. */
const shareOfLevel = elementwise('rate', (x, step, weight, spread, low, high, count) =>
  shareOf(learnedLevel(x, step, { low, high, count }).level.abs(), spread, weight),
);
const shareOfLatent = elementwise('rate', (x, step, weight, spread, high, count) => {
  const share = count.times(high).sqrt().inverse();
  return shareOf(
    x
      .over(step.withGradientOf(step.times(share)))
      .abs()
      .minimum(high),
    spread,
    weight,
  );
});

interface Priced {
  readonly name: string;
  readonly step: string;
  readonly group: string;
  readonly low: number;
  readonly high: number;
}

interface Density {
  readonly weights: Parameter;
  readonly spreads: Parameter;
}

/**
 * The bits of quantised weights as a penalty of `fit`: every weight of `lsq` or `ternary` that is stored entry by entry, and every stored value of a
 * scheme under `levels`, is priced by −log₂ p of its level, with p a mixture of logistic densities that is learned beside it, one for each tensor. Weights
 * that are not worth their bits become 0; steps grow until levels are worth theirs.
 *
 *     const penalty = rate(net, { bytes: 1000 });
 *     await fit({ model: net, data, epochs: 10, penalty, optimizer: adam({ learningRate: 0.03, relativeStep: true }) });
 *
 * Start from a trained net: `compress(model, { weight: lsq({ bits: 6 }) })`.
 *
 * Source: Oktay, Ballé, Singh, Shrivastava 2020, "Scalable model compression by entropy penalized reparameterization",
 * arXiv:1906.06624; here with the levels themselves and the gradient of a learned step in place of noise.
 *
 * @throws ArgumentError where the model has no such weight, or unless one of `weight` and `bytes` is given
 */
export function rate(model: Model, options: RateOptions = {}): Rate {
  checkArgument('rate', 'model', modelRule, model);
  checkOptions('rate', rateRules, options);
  const { weight, bytes, start = 1e-6, until = 0.5, group = (name) => name } = options;
  if ((weight === undefined) === (bytes === undefined))
    throw new ArgumentError({
      operation: 'rate',
      expected: 'either weight, the price of a bit, or bytes, a budget',
      actual: weight === undefined ? 'none' : 'both',
    });
  const all = model.namedParameters();
  const priced = pricedIn(all, group);
  const densities = new Map(priced.map(({ group: name }) => [name, startDensity(name)]));
  // The logarithm of the price, and of the budget at the first step.
  const price = Parameter.of('price', Float32Array.of(Math.log(weight ?? start)), [1]);
  const first = Parameter.of('first', Float32Array.of(0), [1]);

  const bitsIn = (shares: Tensor): Tensor =>
    multiply(sum(log(add(sum(shares, { axis: 1 }), leastShare))), -1 / Math.LN2);
  const bitsOf = (values: (name: string) => Tensor): Tensor =>
    priced
      .map(({ name, step: unit, group: of, low, high }) => {
        const [x, step] = [values(name), values(unit)];
        const { weights, spreads } = densities.get(of) as Density;
        const column = reshape(x, [x.size, 1]);
        const [weight, spread] = [softmax(weights.value), exp(spreads.value)];
        const bits = bitsIn(
          shareOfLevel(stopGradient(column), stopGradient(step), weight, spread, low, high, x.size),
        );
        // Densities learn from levels. What moves weights is the slope where they stand: one that is nearly 0 goes on to 0.
        const moved = bitsIn(
          shareOfLatent(column, step, stopGradient(weight), stopGradient(spread), high, x.size),
        );
        return add(bits, subtract(moved, stopGradient(moved)));
      })
      .reduce((a, b) => add(a, b));

  const steered = (pass: PenaltyPass, bits: Tensor, budget: number): Tensor => {
    const now = log(stopGradient(reshape(bits, [1])));
    if (pass.step === 0) moveBuffer(pass, first, () => now);
    const part = pass.steps === undefined ? 1 : Math.min(1, pass.step / Math.max(1, until * pass.steps));
    const begun = pass.step === 0 ? now : first.value;
    // From the bits at the start to the budget, in equal ratios.
    const target = maximum(add(multiply(begun, 1 - part), Math.log(8 * budget) * part), Math.log(8 * budget));
    const excess = minimum(maximum(add(now, multiply(target, -1)), -1), 1);
    moveBuffer(pass, price, (before) => {
      const moved = add(before, multiply(excess, reach / (pass.steps ?? unknownSteps)));
      return minimum(maximum(moved, leastPrice), mostPrice);
    });
    const answered = minimum(maximum(excess, -mostAnswered), mostAnswered);
    return exp(add(stopGradient(price.value), multiply(answered, answer)));
  };

  return {
    name: 'rate',
    options: { weight, bytes, start, until, groups: [...densities.keys()] },
    loss: (pass) => {
      const bits = bitsOf((name) => pass.parameters.get(name) as Tensor);
      return bytes === undefined
        ? multiply(bits, weight as number)
        : sum(multiply(bits, steered(pass, bits, bytes)));
    },
    namedParameters: () =>
      new Map(
        [...densities].flatMap(([name, { weights, spreads }]) => [
          [`${name}.weights`, weights] as const,
          [`${name}.spreads`, spreads] as const,
        ]),
      ),
    namedBuffers: () =>
      bytes === undefined
        ? new Map()
        : new Map([
            ['price', price],
            ['first', first],
          ]),
    bits: async () => {
      const bits = bitsOf((name) => (all.get(name) as Parameter).value);
      try {
        return (await bits.data())[0] as number;
      } finally {
        bits.dispose();
      }
    },
    weight: async () => Math.exp((await price.value.data())[0] as number),
  };
}

/** No level costs more than 30 bits, however far off it is. */
const leastShare = 2 ** -30;

function startDensity(name: string): Density {
  return {
    weights: Parameter.of(`${name}.weights`, Float32Array.of(0.5, 0.5, -1), [1, components]),
    spreads: Parameter.of(`${name}.spreads`, Float32Array.from(startScales, Math.log), [1, components]),
  };
}

function pricedIn(all: ReadonlyMap<string, Parameter>, group: (name: string) => string): readonly Priced[] {
  const priced = [...all].flatMap(([name, { rule }]): Priced[] => {
    if (!rule.multiples) return [];
    const { of, low, high } = rule.multiples;
    return [{ name, step: name.slice(0, name.lastIndexOf('.') + 1) + of, group: group(name), low, high }];
  });
  if (priced.length > 0) return priced;
  throw new ArgumentError({
    operation: 'rate',
    expected: 'a model with weights that have levels',
    actual: `none among ${[...all.keys()].join(', ') || 'no parameters'}`,
    remedy:
      'Store them by lsq: new Dense({ in, out, weight: lsq({ bits: 6 }) }), or compress a trained model so.',
  });
}
