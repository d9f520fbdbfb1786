import { ArgumentError, option, shownValue } from '@funhash/hashing';
import { tokenSequences } from './token-sequences.ts';
import { Vocabulary } from './vocabulary.ts';
import { hashedWords, wordHash, wordsOf } from './words.ts';

const kind = 'words';

/** How texts become sequences of words. */
export interface WordSequences {
  /** Words of a sequence. */
  readonly length: number;
  /** Part of a longer text that is kept. */
  readonly keep: 'first' | 'last';
  /** Words with numbers of their own, from number 2 on. Default: all go by their hashes. */
  readonly words?: readonly string[];
}

/** How texts become the inputs of a model, as plain JSON for its signature. */
export function wordsTransformation(options: WordSequences): Readonly<Record<string, unknown>> {
  return { kind, ...options };
}

/** Reads texts for a model. */
export interface WordReader extends WordSequences {
  /** Rows of an embedding of the words. */
  readonly tokens: number;
  /** Texts as sequences [N, length]. @throws ArgumentError for a text without words, with its place */
  read(texts: readonly string[]): Int32Array;
}

/**
 * Reader of texts that the signature of a model states.
 *
 * @param transformation from a file, and taken as hostile
 * @returns undefined where the model takes other data
 * @throws ArgumentError where it is damaged
 */
export function wordReader(
  transformation: Readonly<Record<string, unknown>> | undefined,
): WordReader | undefined {
  if (transformation?.kind !== kind) return undefined;
  const { length, keep, words } = transformation as Readonly<Record<string, unknown>>;
  if (!lengthRule.accepts(length) || !keepRule.accepts(keep))
    throw new ArgumentError({
      operation: 'wordReader',
      expected: 'the length of sequences, and keep: first or last',
      actual: shownValue(transformation),
      remedy: 'The model file is damaged: take a copy.',
    });
  const vocabulary = words === undefined ? undefined : new Vocabulary(words as readonly string[]);
  const numberOf = vocabulary ? (word: string) => vocabulary.numberOf(word) : wordHash;
  const sequences = { length: length as number, keep: keep as 'first' | 'last' };
  return {
    ...sequences,
    ...(vocabulary && { words: vocabulary.words }),
    tokens: vocabulary?.count ?? hashedWords,
    read: (texts) => tokenSequences(texts.map(wordsOf), numberOf, sequences),
  };
}

const lengthRule = option.integer({ least: 1, most: 2 ** 20 });
const keepRule = option.oneOf(['first', 'last']);
