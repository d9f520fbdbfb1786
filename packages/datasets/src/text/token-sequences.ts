import { ArgumentError, checkOptions, type OptionsOf, option, shownValue } from '@funhash/hashing';

const rules = {
  /** Tokens of a sequence. Longer texts are cut, shorter ones padded with 0. */
  length: option.required(option.integer({ least: 1, most: 2 ** 20 })),
  /** Part of a longer text that is kept. Default `last`: reviews come to their verdict at the end. */
  keep: option.oneOf(['first', 'last']),
  /** Place of padding. Default `end`, for layers with a mask; `front` for those without. */
  pad: option.oneOf(['front', 'end']),
};

export type TokenSequenceOptions = OptionsOf<typeof rules>;

/** Most numbers of all sequences together. */
const mostNumbers = 2 ** 30;

/**
 * Texts as sequences of one length, [N, length]: the numbers of their words, 0 for padding.
 *
 * @param texts as lists of words
 * @param numberOf the number of a word, such as `wordHash`, or that of a `Vocabulary`
 * @throws ArgumentError for a text without words, with its place, and for numbers that are no tokens
 */
export function tokenSequences(
  texts: readonly (readonly string[])[],
  numberOf: (word: string) => number,
  options: TokenSequenceOptions,
): Int32Array {
  const operation = 'tokenSequences';
  checkOptions(operation, rules, options);
  const { length, keep = 'last', pad = 'end' } = options;
  if (!Array.isArray(texts) || typeof numberOf !== 'function')
    throw new ArgumentError({
      operation,
      expected: 'texts as lists of words, and a function that numbers words',
      actual: `${shownValue(texts)}, ${shownValue(numberOf)}`,
    });
  if (texts.length * length > mostNumbers)
    throw new ArgumentError({
      operation,
      expected: `at most ${mostNumbers} tokens`,
      actual: `${texts.length} sequences of ${length}`,
      remedy: 'Make them batch by batch, or shorter.',
    });
  const numbers = new Int32Array(texts.length * length);
  texts.forEach((words, at) => {
    if (!Array.isArray(words) || words.length === 0)
      throw new ArgumentError({
        operation,
        expected: `words in text ${at}`,
        actual: Array.isArray(words) ? 'none' : shownValue(words),
        remedy: 'Leave empty texts out.',
      });
    const kept = keep === 'last' ? words.slice(-length) : words.slice(0, length);
    const start = at * length + (pad === 'front' ? length - kept.length : 0);
    kept.forEach((word, k) => {
      const number = numberOf(word);
      if (!Number.isInteger(number) || number < 1 || number >= 2 ** 31)
        throw new ArgumentError({
          operation,
          expected: 'numbers of words from 1 to 2^31 − 1',
          actual: `${shownValue(number)} for ${shownValue(word)}`,
          remedy: '0 is padding.',
        });
      numbers[start + k] = number;
    });
  });
  return numbers;
}
