import { wordsOf } from '../text/words.ts';

/** Words that are counted at a time. */
const mostCounted = 2 ** 17;
/** Texts that are looked at: of more the commonest words are known by then. */
const mostTexts = 2 ** 17;
/** Longer words are no words. */
const longest = 40;

/** Counts of the texts in which each word stands, in memory that does not grow with the texts: where words are too many, the rarest are forgotten. */
export class WordCounts {
  /** Texts that were counted. */
  texts = 0;
  readonly #counts = new Map<string, number>();

  add(text: string): void {
    if (this.texts === mostTexts) return;
    this.texts++;
    for (const word of new Set(wordsOf(text)))
      if (word.length <= longest) this.#counts.set(word, (this.#counts.get(word) ?? 0) + 1);
    for (let least = 2; this.#counts.size > mostCounted; least++)
      for (const [word, count] of this.#counts) if (count < least) this.#counts.delete(word);
  }

  /** Words that stand in two texts at least, the commonest first, equally common ones in alphabetical order; at most so many. */
  commonest(most: number): readonly (readonly [word: string, count: number])[] {
    return [...this.#counts]
      .filter(([, count]) => count > 1)
      .sort(([a, often], [b, seldom]) => seldom - often || (a < b ? -1 : 1))
      .slice(0, most);
  }
}
