import { checkArgument, option, xxHash32 } from '@funhash/hashing';

const textRule = option.that<string>('a text', (value) => typeof value === 'string');

/**
 * The words of a text in lower case: runs of letters and digits, with what follows an apostrophe (`don't`), and single `!`
 * and `?`; line breaks of HTML are spaces. Enough for languages that put spaces between words.
 */
export function wordsOf(text: string): string[] {
  checkArgument('wordsOf', 'text', textRule, text);
  return text.toLowerCase().replaceAll(lineBreak, ' ').match(word) ?? [];
}

const lineBreak = /<br\s*\/?>/g;
const word = /[\p{L}\p{N}]+(?:['’]\p{L}+)?|[!?]/gu;

const encoder = new TextEncoder();

/**
 * The number of a word by its letters alone, 1 … 2³¹ − 1: xxHash32 of its UTF-8 bytes, so that no list of words is needed
 * or stored. Two words share a number with probability 2⁻³¹; 0 is left for padding. For embeddings of 2³¹ virtual rows.
 */
export function wordHash(word: string): number {
  checkArgument('wordHash', 'word', textRule, word);
  return xxHash32(encoder.encode(word)) >>> 1 || 1;
}

/** Rows of an embedding of words by their hashes. */
export const hashedWords = 2 ** 31;
