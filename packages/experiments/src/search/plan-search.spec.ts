import type { Dataset, Samples } from '@funhash/datasets';
import { random } from '@funhash/hashing';
import { expect, test } from 'vitest';
import { planSearch } from './plan-search.ts';

/** Rows of noise, of two classes. */
function rows(count: number): Samples {
  const draw = random(5);
  return {
    count,
    inputs: Float32Array.from({ length: 7 * count }, () => draw.uniform()),
    labels: Uint8Array.from({ length: count }, (_, k) => k % 2),
  };
}
const parts = { train: rows(4000), test: rows(10) };
const data = {
  name: 'made up',
  description: '',
  inputShape: [7],
  dtype: 'f32',
  classes: 2,
  ...parts,
} as Dataset;

const planned = (seconds: number) =>
  planSearch({
    base: { data: { name: 'made-up.csv', validation: 400 }, backend: 'reference' },
    ...{ data, goal: { bytes: 600 }, seconds, atATime: 1 },
  });

test('as much time as trials need: all samples, and more trials', async () => {
  const { base, trials, method } = await planned(10_000);
  expect(base.data).not.toHaveProperty('trainCount');
  expect(method).toBe('asha');
  expect(trials).toBeGreaterThan(4);
});

test('no time at all: few trials of an epoch of a part of the samples', async () => {
  const { base, trials } = await planned(0);
  expect(base).toMatchObject({ epochs: 1, data: { name: 'made-up.csv', validation: 400, trainCount: 1000 } });
  expect(trials).toBe(4);
});
