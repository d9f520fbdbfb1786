import {
  type Dataset,
  hashedWords,
  seriesWindows,
  tokenSequences,
  wordHash,
  wordsTransformation,
} from '@funhash/datasets';
import { load } from '@funhash/layers';
import { expect, test } from 'vitest';
import { loadData } from '../data/load-data.ts';
import { drawSplits } from '../data/split-counts.ts';
import { SpecError } from '../errors.ts';
import type { DataSpec, RunRequest } from '../spec/run-spec.ts';
import { runTraining } from './run-training.ts';

const texts = Array.from({ length: 80 }, (_, k) => [
  ...'the film was'.split(' '),
  k % 2 === 0 ? 'dull' : 'great',
  'x'.repeat((k % 7) + 1),
]);
const part = (count: number) => ({
  count,
  inputs: tokenSequences(texts.slice(0, count), wordHash, { length: 8 }),
  labels: Uint8Array.from({ length: count }, (_, k) => k % 2),
});
const reviews: Dataset = {
  name: 'reviews',
  description: 'tiny reviews',
  inputShape: [8],
  dtype: 'i32',
  classes: 2,
  tokens: hashedWords,
  isOrdered: true,
  transformation: wordsTransformation({ length: 8, keep: 'last' }),
  train: part(80),
  test: part(20),
};
const time = Array.from({ length: 200 }, (_, k) => Math.sin(k / 3));
const series = seriesWindows({ columns: { time }, target: 'time', window: 6 });

async function trained(request: RunRequest, data: Dataset) {
  let model = new Uint8Array();
  let testError: number | undefined;
  const run = runTraining(
    { data: { name: data.name, validation: 10 }, batchSize: 20, ...request },
    {
      load: async () => data,
      onModel: (bytes) => {
        model = new Uint8Array(bytes);
      },
    },
  );
  for await (const event of run) if (event.type === 'result') testError = event.result.testError;
  return { net: await load(model), testError };
}

test.each(['lstm', 'gru'])(
  '%s learns which word stood in a text; the embedding has a scheme of its own',
  async (model) => {
    const { net, testError } = await trained(
      { net: { model, widths: [8], embedding: 'hashedNet:values=400', dropout: 0 }, epochs: 12 },
      reviews,
    );
    expect(testError).toBe(0);
    expect(net.signature).toMatchObject({
      input: [8],
      dtype: 'i32',
      transformation: { kind: 'words', length: 8 },
    });
    expect([...net.weights().values()][0]).toMatchObject({ rows: 2 ** 31, cols: 32 });
  },
);

test('a series is forecast', async () => {
  const { net, testError } = await trained({ net: { model: 'gru', widths: [8] }, epochs: 30 }, series);
  expect(testError).toBeLessThan(0.05);
  expect(net.signature?.input).toEqual([6, 1]);
});

test.each([
  [{ net: { model: 'mlp' } }, 'Choose a model that reads words'],
  [{ net: { model: 'lenet5' } }, 'Choose a model that reads words'],
  [{ net: { model: 'lstm' } }, 'Use a scheme that stores less'],
  [{ net: { model: 'lstm', embedding: 'hashdNet' } }, 'hashedNet'],
])('%j is refused for words by their hashes', async (request, message) => {
  await expect(trained({ ...request, epochs: 1 }, reviews)).rejects.toThrow(message);
});

test('samples that are neither sequences nor images', async () => {
  const deep = { ...series, inputShape: [1, 2, 1, 3] };
  await expect(trained({ net: { model: 'lstm' }, epochs: 1 }, deep)).rejects.toThrow(
    'sequences, [T, features]',
  );
});

test('of ordered samples the last ones are held out, whatever the seed', () => {
  const pool = {
    count: 10,
    inputs: Float32Array.from({ length: 10 }, (_, k) => k),
    labels: new Uint8Array(10),
  };
  const split = drawSplits(pool, { validation: 3 }, 7, { isOrdered: true });
  expect([...split.train.inputs]).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect([...split.validation.inputs]).toEqual([7, 8, 9]);
  const few = drawSplits(pool, { trainCount: 4, validation: 2 }, 7, { isOrdered: true });
  expect([...few.validation.inputs]).toEqual([4, 5]);
});

test('fields that a data set does not have', async () => {
  const load = (spec: Partial<DataSpec>) => loadData({ seed: 0, validation: 0, name: 'mnist', ...spec });
  await expect(load({ words: 5 })).rejects.toThrow(SpecError);
  await expect(load({ words: 5 })).rejects.toThrow('with mnist only dir, got words');
  await expect(load({ name: 'imdb', horizon: 2 })).rejects.toThrow(
    'with imdb only dir, words, length, got horizon',
  );
  await expect(load({ name: 'wether' })).rejects.toThrow('Did you mean weather?');
});
