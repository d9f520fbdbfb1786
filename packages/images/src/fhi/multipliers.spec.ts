import { random } from '@funhash/hashing';
import { fit } from '@funhash/training';
import { expect, test } from 'vitest';
import { artifactNet, cropLoss, drawCrops } from '../index.ts';
import { multiplied, multiplierOptimizer, multipliersOf, withMultipliers } from './multipliers.ts';
import { setValues, valuesOf } from './net-values.ts';

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

test('tuning them makes the loss smaller, and rows stay multiples of what they were', async () => {
  const net = artifactNet(small);
  const values = valuesOf(net);
  const draw = random(4);
  const plane = (size: number): Float32Array =>
    Float32Array.from({ length: size }, () => 255 * draw.uniform());
  const decoded = {
    ...{ width: 32, height: 32, stride: 32, rows: 32, sampling: [2, 2] as const },
    planes: [0, 1, 2].map(() => plane(1024)),
    tables: [new Uint16Array(64).fill(20)],
  };
  const original = decoded.planes.map((each) => each.map((x) => x + (128 - x) / 4));
  const batch = drawCrops([{ decoded, original }], { count: 2, side: 16 }, random(1));
  const losses: number[] = [];
  const events = fit({
    model: net,
    data: function* () {
      for (let step = 0; step < 12; step++) yield batch;
    },
    epochs: 1,
    loss: cropLoss,
    optimizer: multiplierOptimizer(0.05),
    reportEverySteps: 1,
  });
  for await (const event of events) if (event.type === 'step') losses.push(event.loss);
  expect(losses.at(-1)).toBeLessThan(0.99 * (losses[0] as number));
  const tuned = valuesOf(net);
  expect([...(tuned.get('0.0.bias')?.data ?? [])]).toEqual([...(values.get('0.0.bias')?.data ?? [])]);
  const again = multiplied(multipliersOf(values, tuned));
  for (const [name, { data }] of tuned)
    for (const [k, x] of data.entries()) expect(again.get(name)?.data[k]).toBeCloseTo(x, 5);
  setValues(net, values);
});
