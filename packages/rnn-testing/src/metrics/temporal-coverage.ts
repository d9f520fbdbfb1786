import { ArgumentError, option } from '@funhash/hashing';
import { levelsOf } from '../observation/reading.ts';
import { constantRules, standardized } from './constants.ts';
import { defineMetric, type Metric } from './metric.ts';
import { breakPoints, paa, wordNumber, wordText } from './sax.ts';

/** Options of `temporalCoverage`. */
export interface TemporalOptions {
  readonly symbols?: number;
  readonly segments?: number;
  readonly per?: 'window' | 'step';
  readonly top?: number;
}

/** Most words: a bit each, and a fitness for each that is not covered. */
const mostWords = 2 ** 20;

/**
 * Temporal Coverage: a feature for each SAX word of ξ over the window, covered where a test makes the word. ξ is
 * standardised by the mean and deviation of training data. Defaults: 3 symbols, 5 segments, 243 words. A test whose window
 * has a padded step makes no word.
 *
 * Source: Huang et al. 2022, arXiv:1911.01952; SAX of Lin et al. 2003, segments by shares of samples.
 */
export const temporalCoverage: Metric<TemporalOptions> = defineMetric({
  id: 'tc',
  title: 'Temporal Coverage',
  source: 'arXiv:1911.01952',
  options: {
    /** Letters of the alphabet. Default 3. */
    symbols: option.integer({ least: 2, most: 26 }),
    /** Letters of a word. Default 5. */
    segments: option.count(),
    ...constantRules,
  },
  fits: levelsOf,
  bind: ({ options: { symbols = 3, segments = 5 }, aggregate, steps, constants }) => {
    const words = symbols ** segments;
    if (segments > steps || words > mostWords)
      throw new ArgumentError({
        operation: 'Temporal Coverage',
        expected: `segments up to the ${steps} steps of the window, and at most ${mostWords} words`,
        actual: `${segments} segments of ${symbols} symbols`,
        remedy: 'Take fewer segments or symbols, or a longer window.',
      });
    const cuts = breakPoints(symbols);
    const [row, means] = [new Float64Array(steps), new Float64Array(segments)];
    return {
      features: words,
      dims: segments,
      label: (word) => wordText(word, segments, symbols),
      measure: (reading) => {
        const levels = levelsOf(reading, aggregate);
        const positions = new Float64Array(reading.count * segments);
        for (let k = 0; k < reading.count; k++) {
          for (let step = 0; step < steps; step++)
            row[step] = standardized(constants, levels[k * steps + step] as number, step);
          positions.set(paa(row, segments, means), k * segments);
        }
        return positions;
      },
      cover: (position, add) => {
        if (!position.some(Number.isNaN)) add(wordNumber(position, cuts));
      },
      fitness: (position, word) => {
        let [far, rest] = [0, word];
        for (let k = segments - 1; k >= 0; k--) {
          const symbol = rest % symbols;
          rest = Math.floor(rest / symbols);
          const value = position[k] as number;
          if (Number.isNaN(value)) return Number.POSITIVE_INFINITY;
          const [low = -Infinity, high = Infinity] = [cuts[symbol - 1], cuts[symbol]];
          // A value at the upper border has the next symbol already.
          far += value < low ? low - value : value >= high ? value - high + Number.EPSILON : 0;
        }
        return far;
      },
    };
  },
});
