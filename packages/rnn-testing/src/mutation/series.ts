import { checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { floatMutation, type Mutation } from './mutation.ts';

const rules = {
  /** Standard deviation of noise on each value, as a share of that of the sequence. Default 0.05. */
  noise: option.real({ least: 0 }),
  /** Most that all values grow or shrink, as a share. Default 0.05. */
  scale: option.real({ least: 0, most: 1 }),
  /** Most that the level drifts from the first to the last step, in standard deviations of the sequence. Default 0.1. */
  drift: option.real({ least: 0 }),
};

/** Options of `seriesNoise`. */
export type SeriesOptions = OptionsOf<typeof rules>;

/** Changes numeric sequences [T] or [T, features] as sensors do: noise, another gain, a slow drift. */
export function seriesNoise(options: SeriesOptions = {}): Mutation {
  checkOptions('seriesNoise', rules, options);
  const { noise = 0.05, scale = 0.05, drift = 0.1 } = options;
  return floatMutation('seriesNoise', (values, random, { inputShape }) => {
    const { length } = values;
    let [sum, squares] = [0, 0];
    for (const value of values) {
      sum += value;
      squares += value * value;
    }
    const std = Math.sqrt(Math.max(0, squares / length - (sum / length) ** 2));
    const draw = (most: number): number => most * (2 * random.uniform() - 1);
    const [gain, slope] = [1 + draw(scale), draw(drift) * std];
    const steps = inputShape[0] as number;
    const features = length / steps;
    const changed = random.fillNormal(new Float32Array(length), 0, noise * std);
    for (let k = 0; k < length; k++) {
      const time = Math.floor(k / features) / Math.max(1, steps - 1);
      changed[k] = (changed[k] as number) + gain * (values[k] as number) + slope * time;
    }
    return changed;
  });
}
