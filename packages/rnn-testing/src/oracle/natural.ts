import { checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { type Sequence, type Sequences, sequenceList } from '../observation/sequences.ts';

const rules = {
  /** Quantile of the training sequences that still counts as natural. Default 0.999. */
  quantile: option.real({ least: 0.5, most: 1 }),
};

/** Options of `naturalLimits`. */
export type NaturalOptions = OptionsOf<typeof rules>;

/** Says whether a test could have been data: whether it stays within limits of training sequences. */
export type NaturalTest = (test: Sequence) => boolean;

/**
 * Limits that training sequences keep: values between their extremes, and a roughness (mean absolute difference of
 * neighbours along both axes) up to a quantile. Noise on flat ground is rougher than any image; a shift is not. Texts are always
 * natural here: what may stand for a word is decided by their synonyms.
 */
export function naturalLimits(training: Sequences, options: NaturalOptions = {}): NaturalTest {
  checkOptions('naturalLimits', rules, options);
  const { quantile = 0.999 } = options;
  const { items, inputShape } = sequenceList('naturalLimits', training);
  if (items[0]?.values instanceof Int32Array) return () => true;
  const cols = inputShape.length === 1 ? 1 : (inputShape[1] as number);
  const depth = inputShape.slice(2).reduce((product, extent) => product * extent, 1);
  const roughness = ({ values }: Sequence): number => {
    let sum = 0;
    for (let k = 0; k < values.length; k++) {
      const value = values[k] as number;
      if (Math.floor(k / depth) % cols !== cols - 1) sum += Math.abs((values[k + depth] as number) - value);
      if (k + cols * depth < values.length) sum += Math.abs((values[k + cols * depth] as number) - value);
    }
    return sum / values.length;
  };
  const all = Float64Array.from(items, roughness).sort();
  const limit = all[Math.round(quantile * (all.length - 1))] as number;
  let [low, high] = [Infinity, -Infinity];
  for (const { values } of items)
    for (const value of values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  return (test) => test.values.every((value) => value >= low && value <= high) && roughness(test) <= limit;
}
