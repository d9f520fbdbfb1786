import { type Program, type Real, tracePointwise } from '@funhash/formula';
import { type OptionsOf, option } from '@funhash/hashing';
import { Parameter } from '@funhash/space';
import { assign, type FloatDType, type Tensor, updateInPlace, zeros } from '@funhash/tensor';
import type { NumericArray } from './optimizer.ts';
import { assignValues, requireFit, valuesOf } from './parameter-values.ts';

export const averageRules = {
  /** Share d that a step keeps: average ← d · average + (1 − d) · weights. 0.99 to 0.9999: the longer the run, the more. */
  decay: option.required(
    option.that<number>(
      'a number ≥ 0 and < 1',
      (value) => Number.isFinite(value) && (value as number) >= 0 && (value as number) < 1,
    ),
  ),
  /** Whether d grows from 2/11 on with the steps t, min(d, (1 + t) / (10 + t)): start values are soon forgotten. Default true. */
  warmup: option.flag(),
  /** Whether validation judges the average in place of the weights that train. Default true. */
  validate: option.flag(),
  /** Whether a run that ends by itself leaves the model with the average. Default true. */
  keep: option.flag(),
};

/**
 * Exponential moving average of what changes in training, parameters and running statistics, moved once a step (Polyak and
 * Juditsky 1992; the warm-up is that of TensorFlow's ExponentialMovingAverage).
 */
export type WeightAverageOptions = OptionsOf<typeof averageRules>;

// By the difference: what does not change stays as it is, bit for bit.
let program: Program | undefined;
const moved = (): Program => {
  program ??= tracePointwise(2, 1, (inputs, scalars) => {
    const [average, value] = inputs as [Real, Real];
    const [share] = scalars as [Real];
    return [average.plus(share.times(value.minus(average)))];
  });
  return program;
};

const copyOf = (name: string, { value }: Parameter): Parameter => {
  const copy = new Parameter(name, zeros(value.shape, { dtype: value.dtype as FloatDType }));
  copy.assign(value);
  return copy;
};

/** An average of the values of a run, beside them on their device. */
export class WeightAverage {
  readonly options: Required<WeightAverageOptions>;
  readonly #of: ReadonlyMap<string, Parameter>;
  readonly #averages: ReadonlyMap<string, Parameter>;

  constructor(values: ReadonlyMap<string, Parameter>, options: Required<WeightAverageOptions>) {
    this.options = options;
    this.#of = values;
    this.#averages = new Map([...values].map(([name, own]) => [name, copyOf(name, own)]));
  }

  /** Takes in the values after a step, counted from 1. */
  move(step: number): void {
    const { decay, warmup } = this.options;
    const kept = warmup ? Math.min(decay, (1 + step) / (10 + step)) : decay;
    for (const [name, average] of this.#averages)
      updateInPlace('average', moved(), [average.value], [this.#valueOf(name)], [1 - kept]);
  }

  values(): Promise<Map<string, NumericArray>> {
    return valuesOf(this.#averages);
  }

  /** @throws CheckpointError unless names and shapes are those of the average */
  requireFit(values: ReadonlyMap<string, NumericArray>): void {
    requireFit(this.#averages, values);
  }

  restore(values: ReadonlyMap<string, NumericArray>): void {
    assignValues(this.#averages, values);
  }

  /** Gives the model the average. */
  keep(): void {
    for (const [name, { value }] of this.#averages) assign(this.#valueOf(name), value);
  }

  /** What `judge` says of the model with the average; afterwards it has its own values again, bit for bit. */
  async judged<T>(judge: () => Promise<T>): Promise<T> {
    const own = [...this.#of].map(([name, place]) => copyOf(name, place));
    try {
      this.keep();
      return await judge();
    } finally {
      for (const { name, value } of own) {
        assign(this.#valueOf(name), value);
        value.dispose();
      }
    }
  }

  dispose(): void {
    for (const { value } of this.#averages.values()) value.dispose();
  }

  #valueOf(name: string): Tensor {
    return (this.#of.get(name) as Parameter).value;
  }
}
