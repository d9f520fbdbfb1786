import { ArgumentError, checkOptions, type OptionsOf, option } from '@funhash/hashing';
import type { Sequence } from '../observation/sequences.ts';
import { changesIn, editDistance, editScript, someEdits } from './edits.ts';
import { type NormName, norms } from './norms.ts';

/** How far a test may lie from its seed and still be the same thing to a person. */
export interface Oracle {
  /** Words for reports: `spectral norm / changed values ≤ 0.01`. */
  readonly description: string;
  readonly radius: number;
  distance(seed: Sequence, test: Sequence, inputShape: readonly number[]): number;
  /** The test itself where it lies inside, else one on the line from the seed to it that does. */
  project(seed: Sequence, test: Sequence, inputShape: readonly number[]): Sequence;
}

const ballRules = {
  /** Norm of the difference. Default `spectral`, as published for images. */
  norm: option.oneOf(Object.keys(norms) as NormName[]),
  /** Largest distance. Default 0.01, as published for MNIST. */
  radius: option.positive(),
  /** Whether the norm is divided by the number of changed values, as published: who changes more is nearer. Default true. */
  perChanged: option.flag(),
};

/** Options of `normBall`. */
export type NormBallOptions = OptionsOf<typeof ballRules>;

/** A ball around each seed in a norm, for sequences of numbers. */
export function normBall(options: NormBallOptions = {}): Oracle {
  checkOptions('normBall', ballRules, options);
  const { norm = 'spectral', radius = 0.01, perChanged = true } = options;
  const distance: Oracle['distance'] = (seed, test, inputShape) => {
    requireFloats(seed, test);
    let changed = 0;
    const values = Float64Array.from(test.values, (value, k) => {
      const difference = value - (seed.values[k] as number);
      if (difference !== 0) changed++;
      return difference;
    });
    if (changed === 0) return 0;
    const rows = inputShape.length === 1 ? 1 : (inputShape[0] as number);
    return norms[norm]({ values, rows, cols: values.length / rows }) / (perChanged ? changed : 1);
  };
  return {
    description: `${norm} norm${perChanged ? ' / changed values' : ''} ≤ ${radius}`,
    radius,
    distance,
    project: (seed, test, inputShape) => {
      let inside = test;
      // Rounding to f32 may leave a value unchanged, and a smaller count makes the quotient larger again.
      for (let tries = 0; tries < 60; tries++) {
        const far = distance(seed, inside, inputShape);
        if (far <= radius) return inside;
        const share = Math.min((radius / far) * (1 - 1e-6), 1 - 1e-6);
        const values = Float32Array.from(inside.values, (value, k) => {
          const start = seed.values[k] as number;
          return start + share * (value - start);
        });
        inside = { ...test, values };
      }
      return seed;
    },
  };
}

function requireFloats(...sequences: readonly Sequence[]): void {
  if (sequences.every(({ values }) => values instanceof Float32Array)) return;
  throw new ArgumentError({
    operation: 'normBall',
    expected: 'sequences of floats',
    actual: 'tokens',
    remedy: 'Take editBall for texts.',
  });
}

const editRules = {
  /** Largest share of words that were edited. Default 0.2. */
  radius: option.positive(),
};

/** Options of `editBall`. */
export type EditBallOptions = OptionsOf<typeof editRules>;

/**
 * A ball around each seed in edits of words (Levenshtein distance / words of the seed), for texts. Of a text that lies outside so
 * many edits are kept as the radius allows, spread evenly over it.
 *
 * @param place side of the padding, default `after`
 */
export function editBall(options: EditBallOptions = {}, place: 'after' | 'before' = 'after'): Oracle {
  checkOptions('editBall', editRules, options);
  const { radius = 0.2 } = options;
  const wordsOf = ({ values, length = values.length }: Sequence): ArrayLike<number> =>
    place === 'after' ? values.subarray(0, length) : values.subarray(values.length - length);
  const distance: Oracle['distance'] = (seed, test) => {
    const words = wordsOf(seed);
    return editDistance(words, wordsOf(test)) / words.length;
  };
  return {
    description: `edited words / words ≤ ${radius}`,
    radius,
    distance,
    project: (seed, test) => {
      const words = wordsOf(seed);
      const script = editScript(words, wordsOf(test));
      const isInside = (edits: number): boolean => edits / words.length <= radius;
      if (isInside(changesIn(script))) return test;
      // Of fewest edits, so many lead exactly so far.
      for (let most = Math.ceil(radius * words.length); most > 0; most--) {
        const kept = isInside(most) ? someEdits(script, most) : [];
        if (kept.length === 0 || kept.length > seed.values.length) continue;
        const values = new Int32Array(seed.values.length);
        values.set(kept, place === 'after' ? 0 : values.length - kept.length);
        return { values, length: kept.length };
      }
      return seed;
    },
  };
}
