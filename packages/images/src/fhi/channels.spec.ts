import { random } from '@funhash/hashing';
import { fit } from '@funhash/training';
import { expect, test } from 'vitest';
import { artifactNet, cropLoss, drawCrops } from '../index.ts';
import {
  type ChannelTuning,
  channelOptimizer,
  multiplied,
  multipliersOf,
  withMultipliers,
} from './channels.ts';
import { type NetValues, valuesOf } from './net-values.ts';

const small = { channels: 4, depth: 3, chromaChannels: 4, chromaDepth: 2, seed: 1 };
const plain = (values: ReturnType<typeof valuesOf>) =>
  new Map([...values].map(([name, { data }]) => [name, [...data]]));

test('multipliers of 1 change nothing; others multiply rows, and are found again', () => {
  const values = valuesOf(artifactNet(small));
  const all = withMultipliers(values);
  expect(plain(multiplied(all))).toEqual(plain(values));
  const draw = random(2);
  for (const [name, value] of all)
    if (name.endsWith('.multipliers'))
      all.set(name, { ...value, data: value.data.map(() => 0.5 + draw.uniform()) });
  const tuned = multiplied(all);
  expect([...tuned.keys()]).toEqual([...values.keys()]);
  const kernel = '0.0.weight.w';
  const [was, is] = [values.get(kernel)?.data[46] as number, tuned.get(kernel)?.data[46] as number];
  expect(is).toBe(Math.fround(was * (all.get(`${kernel}.multipliers`)?.data[1] as number)));
  const found = multipliersOf(values, tuned);
  for (const [name, { data }] of all)
    for (const [k, x] of data.entries()) expect(found.get(name)?.data[k]).toBeCloseTo(x, 5);
});

const draw = random(4);
const plane = (size: number): Float32Array => Float32Array.from({ length: size }, () => 255 * draw.uniform());
const decoded = {
  ...{ width: 32, height: 32, stride: 32, rows: 32, sampling: [2, 2] as const },
  planes: [0, 1, 2].map(() => plane(1024)),
  tables: [new Uint16Array(64).fill(20)],
};
const original = decoded.planes.map((each) => each.map((x) => x + (128 - x) / 4));
const batch = drawCrops([{ decoded, original }], { count: 2, side: 16 }, random(1));

/** Losses of twelve steps, and the values before and behind them. */
async function tuned(how: ChannelTuning) {
  const net = artifactNet(small);
  // Biases of a new network are 0, and have no gradient where nothing is added.
  const values = valuesOf(net);
  const losses: number[] = [];
  const events = fit({
    model: net,
    data: function* () {
      for (let step = 0; step < 12; step++) yield batch;
    },
    epochs: 1,
    loss: cropLoss,
    optimizer: channelOptimizer(how),
    reportEverySteps: 1,
  });
  for await (const event of events) if (event.type === 'step') losses.push(event.loss);
  return { losses, values, found: valuesOf(net) };
}

/** Names of the values that are others. */
const changedIn = (was: NetValues, is: NetValues): string[] =>
  [...was].flatMap(([name, { data }]) => (data.some((x, k) => x !== is.get(name)?.data[k]) ? [name] : []));
const isBias = (name: string): boolean => name.endsWith('bias');

test('tuning multipliers makes the loss smaller, and rows stay multiples of what they were', async () => {
  const { losses, values, found } = await tuned({ rates: { multipliers: 0.05 }, weight: 0 });
  expect(losses.at(-1)).toBeLessThan(0.99 * (losses[0] as number));
  expect(changedIn(values, found).some(isBias)).toBe(false);
  const again = multiplied(multipliersOf(values, found));
  for (const [name, { data }] of found)
    for (const [k, x] of data.entries()) expect(again.get(name)?.data[k]).toBeCloseTo(x, 5);
});

test('tuning biases makes the loss smaller, and changes nothing else; with multipliers both are found again', async () => {
  const alone = await tuned({ rates: { biases: 0.05 }, weight: 0 });
  expect(alone.losses.at(-1)).toBeLessThan(0.9999 * (alone.losses[0] as number));
  expect(changedIn(alone.values, alone.found).every(isBias)).toBe(true);
  const { values, found } = await tuned({ rates: { multipliers: 0.05, biases: 0.05 }, weight: 0 });
  const names = changedIn(values, found);
  expect([names.some(isBias), names.every(isBias)]).toEqual([true, false]);
  const again = multiplied(multipliersOf(values, found));
  for (const [name, { data }] of found)
    for (const [k, x] of data.entries()) expect(again.get(name)?.data[k]).toBeCloseTo(x, 5);
});

test('what is not worth its penalty stays as it is, exactly', async () => {
  const rates = { multipliers: 0.05, biases: 0.05 };
  const count = async (weight: number): Promise<number> => {
    const { values, found } = await tuned({ rates, weight });
    const [was, is] = [withMultipliers(values), multipliersOf(values, found)];
    let changed = 0;
    for (const [name, { data }] of was)
      for (const [k, x] of data.entries())
        if (Math.abs(x - (is.get(name)?.data[k] as number)) > 1e-6) changed++;
    return changed;
  };
  const [free, some, none] = [await count(0), await count(0.003), await count(1e6)];
  expect(none).toBe(0);
  expect(some).toBeGreaterThan(0);
  expect(some).toBeLessThan(free);
});
