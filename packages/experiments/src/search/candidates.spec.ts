import type { Dataset, Samples } from '@funhash/datasets';
import { random } from '@funhash/hashing';
import { expect, test } from 'vitest';
import { placesOf, shapeOf, widthsOf } from '../nets/model-kinds.ts';
import { parseScheme } from '../nets/scheme-text.ts';
import { runTraining } from '../run/run-training.ts';
import { type Changes, runOf } from '../sweep/search-space.ts';
import { candidatesFor } from './candidates.ts';

const samples = (size: number): Samples => ({
  count: 4,
  inputs: new Float32Array(4 * size),
  labels: Uint8Array.of(0, 1, 2, 0),
});
const dataOf = (inputShape: readonly number[], more: object = {}): Dataset => {
  const size = inputShape.reduce((product, extent) => product * extent, 1);
  const parts = { train: samples(size), test: samples(size) };
  return { name: 'made up', description: '', inputShape, classes: 3, ...parts, ...more } as Dataset;
};
const pictures = (side: number, channels: number): Dataset =>
  dataOf([side, side, channels], { width: side, height: side, channels, dtype: 'u8' });
/** Pictures of 8 × 8 of noise, of three classes. */
function made(count: number): Samples {
  const draw = random(3);
  return {
    count,
    inputs: Float32Array.from({ length: count * 64 }, () => draw.uniform()),
    labels: Uint8Array.from({ length: count }, (_, k) => k % 3),
  };
}
const modelsIn = (candidates: readonly Changes[]): string[] => [
  ...new Set(candidates.map((changes) => String(changes['net.model']))),
];

test.each<[string, Dataset, readonly string[]]>([
  ['pictures', pictures(28, 1), ['small-conv', 'lenet5-caffe', 'mlp']],
  ['pictures in colour', pictures(32, 3), ['small-conv', 'lenet5-caffe', 'mlp']],
  ['small pictures', pictures(16, 1), ['lenet5-caffe', 'mlp']],
  ['pictures that no convolution fits', pictures(6, 1), ['mlp']],
  ['series', dataOf([12, 3]), ['gru']],
  ['rows', dataOf([7]), ['mlp']],
])('of %s every candidate is a run, and a net that can be made', async (_, data, models) => {
  for (const goal of [{ error: 0.05 }, { bytes: 700 }]) {
    const candidates = await candidatesFor(data, {}, goal);
    expect(modelsIn(candidates).sort()).toEqual('error' in goal ? [...models].sort() : expect.anything());
    expect(candidates.length).toBeGreaterThan('error' in goal ? 3 : 0);
    for (const changes of candidates) {
      const { net } = runOf({ judge: null }, changes);
      const { model, widths } = net as { model: string; widths: readonly number[] };
      expect(placesOf(shapeOf({ model, widths }, data)).length).toBeGreaterThan(1);
    }
  }
});

test('nets are tried whose schemes store levels at a price, of several schemes and kinds of nets', async () => {
  for (const [goal, data, models] of [
    [{ bytes: 700 }, pictures(16, 1), ['lenet5-caffe', 'mlp']],
    [{ error: 0.05 }, pictures(28, 1), ['lenet5-caffe', 'mlp', 'small-conv']],
  ] as const) {
    const candidates = await candidatesFor(data, {}, goal);
    const leveled = candidates.filter((changes) => 'storage.bytes' in changes && 'net.weights' in changes);
    const schemes = new Set(leveled.map((changes) => parseScheme(String(changes['net.weights'])).kind));
    expect([...schemes]).toEqual(expect.arrayContaining(['hashedNet', 'kronecker', 'tiles', 'lowRank']));
    expect(modelsIn(leveled).sort()).toEqual(models);
    // The net as it is known goes first.
    const known = widthsOf(shapeOf({ model: 'small-conv' }, pictures(28, 1)));
    if ('error' in goal) expect(candidates[0]).toMatchObject({ 'net.widths': known });
    // Long before the end of a short search.
    expect(candidates.slice(0, 20).some((changes) => leveled.includes(changes))).toBe(true);
  }
});

test('a file of levels of shared values keeps to its bytes', async () => {
  const data = { ...pictures(8, 1), train: made(40), test: made(10) };
  const goal = { bytes: 300 };
  const found = (await candidatesFor(data, {}, goal)).find(
    (changes) => changes['net.model'] === 'mlp' && /^tiles/.test(String(changes['net.weights'])),
  );
  const base = { judge: null, epochs: 1, batchSize: 10, data: { validation: 10 }, backend: 'reference' };
  const bytes: number[] = [];
  const options = { load: async () => data, onModel: (model: Uint8Array) => void bytes.push(model.length) };
  for await (const _ of runTraining(runOf(base, found as Changes), options));
  expect(bytes[0]).toBeGreaterThan(100);
  expect(bytes[0]).toBeLessThanOrEqual(goal.bytes);
});
