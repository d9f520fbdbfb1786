import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tokenSequences, Vocabulary, wordReader, wordsTransformation } from '@funhash/datasets';
import { Dense, Embedding, GRU, Masked, Sequential } from '@funhash/layers';
import { reportPage, rnnTest } from '@funhash/rnn-testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkConfig } from '../settings/config.ts';
import { rnnTestSettings } from '../settings/rnn-test-settings.ts';
import { readSynonyms } from './search-data.ts';
import { searchParts } from './search-parts.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'synonyms-'));
});
afterAll(() => rm(folder, { recursive: true }));

const words = ['the', 'film', 'movie', 'was', 'good', 'fine', 'bad', 'poor'];
const reader = wordReader(wordsTransformation({ length: 12, keep: 'last', words }));
const table = async (text: string) => {
  await writeFile(join(folder, 'table.txt'), text);
  return readSynonyms(join(folder, 'table.txt'), reader);
};

test('synonyms are groups of known words, in lines', async () => {
  const synonyms = await table('# of films\nfilm, movie picture\ngood fine\n\nfine bad\nalone\n');
  expect([...synonyms]).toEqual([
    [3, [4]],
    [4, [3]],
    [6, [7]],
    [7, [6, 8]],
    [8, [7]],
  ]);
  expect(await table('')).toEqual(new Map());
  await expect(readSynonyms(join(folder, 'none.txt'), reader)).rejects.toThrow('none.txt');
  await expect(readSynonyms(join(folder, 'table.txt'), undefined)).rejects.toThrow('expected data of words');
});

test('texts are searched by edits of words, and shown with them', async () => {
  const vocabulary = new Vocabulary(words);
  const texts = Array.from({ length: 24 }, (_, k) =>
    `the ${k % 3 ? 'film' : 'movie'} was ${k % 2 ? 'good' : 'bad'} ${'the '.repeat(k % 4)}`.trim().split(' '),
  );
  const inputs = tokenSequences(texts, (word) => vocabulary.numberOf(word), { length: 12 });
  const net = new Sequential(
    [
      new Masked([
        new Embedding({ in: vocabulary.count, out: 4 }),
        new GRU({ in: 4, hiddenSize: 6, output: 'last' }),
        new Dense({ in: 6, out: 2 }),
      ]),
    ],
    { seed: 5 },
  );
  const all = { inputs, inputShape: [12], lengths: texts.map(({ length }) => length) };
  const config = checkConfig(
    rnnTestSettings,
    { metrics: 'bc,tc:segments=2', window: [0, 3], radius: 0.5, share: 0.2, batchSize: 40 },
    'a spec',
  );
  const data = {
    name: 'reviews',
    isText: true,
    training: all,
    seeds: all,
    synonyms: await table('film movie\ngood fine bad\n'),
  };
  const { probe, options } = searchParts(net, config, data);
  const items = texts.map((_, k) => ({ values: inputs.slice(12 * k, 12 * k + 12), length: all.lengths[k] }));
  const labels = probe.measure(items).answers;
  if (new Set(labels).size < 2) throw new Error('the net gives one class');
  const campaign = rnnTest(probe, { ...options, seeds: { ...all, labels } });
  for (let k = 0; k < 4; k++) await campaign.step();
  expect(campaign.probe.window.from).toBe('end');
  expect(campaign.adversarial.length).toBeGreaterThan(0);
  for (const { distance } of campaign.adversarial) expect(distance).toBeLessThanOrEqual(0.5);
  const word = (token: number) => vocabulary.words[token - 2];
  expect(reportPage(campaign, { model: 'gru', data: 'reviews', word })).toMatch(
    /<ins>(film|movie|good|fine|bad|the|was)</,
  );
});
