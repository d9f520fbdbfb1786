import type { Dataset, Samples } from '@funhash/datasets';
import { expect, test } from 'vitest';
import { placesOf, shapeOf } from '../nets/model-kinds.ts';
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
