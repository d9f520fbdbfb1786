import {
  ArgumentError,
  checkArgument,
  checkOptions,
  normalQuantile,
  option,
  shownValue,
} from '@funhash/hashing';

const isSeries = (value: unknown): boolean =>
  (Array.isArray(value) && value.every((x) => typeof x === 'number')) ||
  (ArrayBuffer.isView(value) &&
    !(value instanceof DataView) &&
    !(value instanceof BigInt64Array) &&
    !(value instanceof BigUint64Array));

const seriesRule = option.that<ArrayLike<number>>('a list of numbers', isSeries);
const wordRules = {
  segments: option.required(option.count()),
  symbols: option.required(option.count()),
} as const;

/**
 * Piecewise aggregate approximation: the means of equal parts of a series. Where the parts do not divide the length, a
 * sample on a border counts in both parts, by its share.
 *
 * Source: Keogh, Chakrabarti, Pazzani, Mehrotra 2001; shares as in Fu, Keogh, Lau, Ratanamahatana 2005, section 3.3.
 *
 * @param segments number of means, from 1 to the length of the series
 * @throws ArgumentError for other numbers of segments
 */
export function paa(series: ArrayLike<number>, segments: number, given?: Float64Array): Float64Array {
  checkArgument('paa', 'series', seriesRule, series);
  const { length } = series;
  if (!Number.isInteger(segments) || segments < 1 || segments > length)
    throw new ArgumentError({
      operation: 'paa',
      expected: `segments from 1 to the length of the series, ${length}`,
      actual: shownValue(segments),
      remedy: 'Take fewer segments, or a longer window.',
    });
  if (given !== undefined && !(given instanceof Float64Array && given.length >= segments))
    throw new ArgumentError({
      operation: 'paa',
      expected: `a Float64Array of ${segments} or more to write to`,
      actual: shownValue(given),
    });
  const out = given ?? new Float64Array(segments);
  // In units of 1 / segments of a sample, borders are whole numbers: no share is lost to rounding.
  for (let segment = 0; segment < segments; segment++) {
    const [start, end] = [segment * length, (segment + 1) * length];
    let sum = 0;
    for (let k = Math.floor(start / segments); k * segments < end; k++) {
      const share = Math.min(end, (k + 1) * segments) - Math.max(start, k * segments);
      sum += share * (series[k] as number);
    }
    out[segment] = sum / length;
  }
  return out;
}

/**
 * Borders between symbols: quantiles that cut the standard normal distribution into equal shares, symbols − 1 of them.
 *
 * @param symbols size of the alphabet, from 2 to 26
 */
export function breakPoints(symbols: number): Float64Array {
  if (!Number.isInteger(symbols) || symbols < 2 || symbols > 26)
    throw new ArgumentError({
      operation: 'breakPoints',
      expected: 'an alphabet of 2 to 26 symbols',
      actual: shownValue(symbols),
    });
  return Float64Array.from({ length: symbols - 1 }, (_, k) => normalQuantile((k + 1) / symbols));
}

/** Symbol of a value, counted from 0: how many break points lie at or below it. */
function symbolOf(value: number, cuts: Float64Array): number {
  let symbol = 0;
  while (symbol < cuts.length && value >= (cuts[symbol] as number)) symbol++;
  return symbol;
}

/** Number of a word, its symbols read as digits, the first the highest. */
export function wordNumber(means: ArrayLike<number>, cuts: Float64Array): number {
  let word = 0;
  for (let k = 0; k < means.length; k++) word = word * (cuts.length + 1) + symbolOf(means[k] as number, cuts);
  return word;
}

/** Letters of a word by its number: `abcba`. */
export function wordText(word: number, segments: number, symbols: number): string {
  let [text, rest] = ['', word];
  for (let k = 0; k < segments; k++) {
    text = String.fromCharCode(97 + (rest % symbols)) + text;
    rest = Math.floor(rest / symbols);
  }
  return text;
}

/**
 * The word of a series that is normalised already: means of its segments, each as a letter.
 *
 * Source: Lin, Keogh, Lonardi, Chiu 2003 (SAX).
 */
export function saxWord(
  series: ArrayLike<number>,
  options: { readonly segments: number; readonly symbols: number },
): string {
  checkOptions('saxWord', wordRules, options);
  const { segments, symbols } = options;
  return wordText(wordNumber(paa(series, segments), breakPoints(symbols)), segments, symbols);
}
