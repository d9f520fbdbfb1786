import { ArgumentError, checkOptions, type OptionsOf, option, shownValue } from '@funhash/hashing';

const rules = {
  /** Words that are kept, the commonest. Default: all. */
  size: option.count(),
  /** How often a word has to occur. Default 1. */
  least: option.count(),
};

export type VocabularyOptions = OptionsOf<typeof rules>;

/**
 * Words by their numbers: 0 is padding, 1 a word that is not in the list, the commonest word is 2. Plain data: `words` is
 * all of it.
 */
export class Vocabulary {
  /** The words from number 2 on. */
  readonly words: readonly string[];
  readonly #numbers: ReadonlyMap<string, number>;

  /** @throws ArgumentError for what is no list of different words */
  constructor(words: readonly string[]) {
    if (!Array.isArray(words) || Array.from(words).some((each) => typeof each !== 'string'))
      throw new ArgumentError({
        operation: 'Vocabulary',
        expected: 'a list of words',
        actual: shownValue(words),
      });
    this.words = [...words];
    this.#numbers = new Map(words.map((each, k) => [each, k + 2]));
    if (this.#numbers.size !== words.length)
      throw new ArgumentError({
        operation: 'Vocabulary',
        expected: 'words that are all different',
        actual: `${words.length - this.#numbers.size} that occur twice`,
      });
  }

  /**
   * The commonest words of texts; of equally common ones those that stand first in alphabetical order of code units.
   *
   * @param texts as lists of words, of training samples alone
   */
  static of(texts: Iterable<readonly string[]>, options: VocabularyOptions = {}): Vocabulary {
    checkOptions('Vocabulary.of', rules, options);
    const { size = Number.POSITIVE_INFINITY, least = 1 } = options;
    const counts = new Map<string, number>();
    for (const words of texts) for (const each of words) counts.set(each, (counts.get(each) ?? 0) + 1);
    const sorted = [...counts]
      .filter(([, count]) => count >= least)
      .sort(([a, often], [b, seldom]) => seldom - often || (a < b ? -1 : 1));
    return new Vocabulary(sorted.slice(0, size).map(([each]) => each));
  }

  /** Numbers of words and of padding: the rows of an embedding. */
  get count(): number {
    return this.words.length + 2;
  }

  /** The number of a word, 1 where it is not in the list. */
  numberOf(word: string): number {
    return this.#numbers.get(word) ?? 1;
  }
}
