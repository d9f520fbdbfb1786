import { daysIn, isMissing, numberIn } from './cells.ts';
import { WordCounts } from './word-counts.ts';

/** Different values of a column that are counted; of more it is only known that they are many. */
const mostCounted = 2048;
/** Longer cells are texts, not categories. */
const longest = 200;

/** What a column holds, found in one pass, in memory that does not grow with the rows. */
export class ColumnStatistics {
  readonly name: string;
  /** Rows with a value. */
  count = 0;
  missing = 0;
  numbers = 0;
  dates = 0;
  isWhole = true;
  #words = 0;
  #mean = 0;
  #squares = 0;
  readonly #values = new Map<string, number>();
  #isMany = false;
  readonly #texts = new WordCounts();

  constructor(name: string) {
    this.name = name;
  }

  add(cell: string): void {
    if (isMissing(cell)) {
      this.missing++;
      return;
    }
    this.count++;
    const value = numberIn(cell);
    const days = value === undefined ? daysIn(cell) : undefined;
    if (value !== undefined) {
      this.numbers++;
      if (!Number.isInteger(value)) this.isWhole = false;
    } else if (days !== undefined) this.dates++;
    const measure = value ?? days;
    if (measure !== undefined) {
      // Welford 1962: sums of squares of large numbers would lose their differences.
      const off = measure - this.#mean;
      this.#mean += off / (this.numbers + this.dates);
      this.#squares += off * (measure - this.#mean);
    } else {
      this.#words += wordsIn(cell);
      this.#texts.add(cell);
    }
    this.#count(cell.trim());
  }

  #count(value: string): void {
    const known = this.#values.get(value);
    if (known !== undefined) this.#values.set(value, known + 1);
    else if (value.length > longest || this.#values.size === mostCounted) this.#isMany = true;
    else this.#values.set(value, 1);
  }

  get mean(): number {
    return this.#mean;
  }

  /** Standard deviation of the numbers, or of the days of dates. */
  get std(): number {
    const measured = this.numbers + this.dates;
    return measured === 0 ? 0 : Math.sqrt(this.#squares / measured);
  }

  /** Mean number of words of cells that are no numbers. */
  get words(): number {
    const texts = this.count - this.numbers - this.dates;
    return texts === 0 ? 0 : this.#words / texts;
  }

  /**
   * The commonest words of cells that are no numbers, each with its inverse document frequency, ln((1 + n) / (1 + texts with it)) + 1
   * of n texts (Spärck Jones 1972, "A statistical interpretation of term specificity", smoothed as in scikit-learn).
   */
  commonestWords(most: number): readonly (readonly [word: string, weight: number])[] {
    const { texts } = this.#texts;
    return this.#texts
      .commonest(most)
      .map(([word, count]) => [word, Number((Math.log((1 + texts) / (1 + count)) + 1).toFixed(4))]);
  }

  /** Different values; Infinity where they are too many to be counted. */
  get distinct(): number {
    return this.#isMany ? Number.POSITIVE_INFINITY : this.#values.size;
  }

  /** The values that were counted, the commonest first, equally common ones in alphabetical order. */
  get values(): readonly string[] {
    return [...this.#values]
      .sort(([a, often], [b, seldom]) => seldom - often || (a < b ? -1 : 1))
      .map(([value]) => value);
  }
}

function wordsIn(text: string): number {
  let [count, isIn] = [0, false];
  for (let k = 0; k < text.length && count < 1000; k++) {
    const isSpace = text.charCodeAt(k) <= 32;
    if (!isSpace && !isIn) count++;
    isIn = !isSpace;
  }
  return count;
}
