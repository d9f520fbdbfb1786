import { type Dataset, subset, type TextDataset, type WordReader, wordReader } from '@funhash/datasets';
import { loadData, requireFit } from '@funhash/experiments';
import type { Module } from '@funhash/layers';
import type { Sequences } from '@funhash/rnn-testing';
import { UsageError } from '../errors.ts';
import { readBounded } from '../files/read-bounded.ts';
import { dataOf } from '../settings/common-settings.ts';
import type { RnnTestConfig } from '../settings/rnn-test-settings.ts';

/** What a search starts from, as plain data that threads can be given. */
export interface SearchData {
  readonly name: string;
  readonly isText: boolean;
  /** Training sequences that constants come from. */
  readonly training: Sequences;
  /** The first test sequences of each class. */
  readonly seeds: Sequences;
  /** Tokens that may stand for each other. */
  readonly synonyms: ReadonlyMap<number, readonly number[]>;
}

export interface LoadedSearchData extends SearchData {
  /** All test sequences. */
  readonly test: Sequences;
  readonly word?: (token: number) => string | undefined;
  readonly classes?: readonly string[];
}

/**
 * The data of a search.
 *
 * @throws UsageError for data without classes, or synonyms where there are no words; else as `loadData`
 */
export async function loadSearchData(config: RnnTestConfig, model: Module): Promise<LoadedSearchData> {
  const data = await loadData(dataOf(config));
  requireFit(model, data);
  const { classes, name } = data;
  if (classes === undefined)
    throw new UsageError({
      operation: 'rnn-test',
      expected: 'data with classes: a test fails where its class is another',
      actual: `${name}, whose answers are numbers`,
    });
  const reader = wordReader(data.transformation);
  const sequences = (samples: Dataset['test']): Sequences => sequencesOf(samples, data, reader);
  return {
    name,
    isText: reader !== undefined,
    training: sequences(subset(data.train, Math.min(data.train.count, config.constants))),
    seeds: sequences(seedsOf(data.test, classes, config.perClass)),
    synonyms: await readSynonyms(config.synonyms, reader),
    test: sequences(data.test),
    ...(data.classNames && { classes: data.classNames }),
    ...(reader && { word: (data as TextDataset).wordOf }),
  };
}

function sequencesOf(
  { inputs, labels, count }: Dataset['test'],
  { inputShape }: Dataset,
  reader: WordReader | undefined,
): Sequences {
  const shared = { inputs, inputShape: [...inputShape], ...(labels && { labels }) };
  if (!reader) return shared;
  const length = inputs.length / count;
  const lengths = Array.from({ length: count }, (_, k) => {
    const padding = inputs.subarray(k * length, (k + 1) * length).indexOf(0);
    return padding < 0 ? length : padding;
  });
  return { ...shared, lengths };
}

/** The first samples of each class. */
function seedsOf(test: Dataset['test'], classes: number, perClass: number): Dataset['test'] {
  const left = Array(classes).fill(perClass);
  const places = Array.from({ length: test.count }, (_, k) => k);
  return subset(
    test,
    places.filter((k) => left[test.labels?.[k] as number]-- > 0),
  );
}

const maxBytes = 2 ** 24;

/** A table of synonyms as tokens: in each line words that may stand for each other. */
export async function readSynonyms(
  path: string | undefined,
  reader: WordReader | undefined,
): Promise<ReadonlyMap<number, readonly number[]>> {
  if (path === undefined) return new Map();
  if (!reader)
    throw new UsageError({ operation: '--synonyms', expected: 'data of words', actual: 'data of numbers' });
  const text = (await readBounded(path, { maxBytes })).toString('utf8');
  const synonyms = new Map<number, Set<number>>();
  for (const line of text.split('\n')) {
    const words = line.split(/[\s,;]+/).filter((word) => word !== '' && !word.startsWith('#'));
    const tokens = words.flatMap((word) => tokenOf(word, reader) ?? []);
    for (const token of tokens) {
      const others = synonyms.get(token) ?? new Set();
      for (const other of tokens) if (other !== token) others.add(other);
      if (others.size > 0) synonyms.set(token, others);
    }
  }
  return new Map([...synonyms].map(([token, others]) => [token, [...others]]));
}

/** The number of a word; undefined for one without a number of its own, or for what is no single word. */
function tokenOf(word: string, reader: WordReader): number | undefined {
  try {
    const tokens = reader.read([word]).filter((token) => token !== 0);
    const isKnown = tokens.length === 1 && !(reader.words && tokens[0] === 1);
    return isKnown ? tokens[0] : undefined;
  } catch {
    return undefined;
  }
}
