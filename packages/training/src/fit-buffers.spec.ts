import { random } from '@funhash/hashing';
import { BatchNorm, Dense, Sequential } from '@funhash/layers';
import { expect, test } from 'vitest';
import { evaluate } from './evaluate.ts';
import { fit } from './fit.ts';
import type { FitConfig } from './fit-config.ts';

const draw = random(1);
const points = (count: number) => ({
  inputs: draw.fillNormal(new Float32Array(2 * count), 3, 2),
  labels: Int32Array.from({ length: count }, () => draw.integer(2)),
});
const data = points(60);
const validation = points(20);

const net = () =>
  new Sequential(
    [
      new Dense({ in: 2, out: 4, bias: false }),
      new BatchNorm({ channels: 4, activation: 'relu' }),
      new Dense({ in: 4, out: 2 }),
    ],
    { seed: 1 },
  );
const base = (model: Sequential): FitConfig => ({ model, data, epochs: 4, batchSize: 25 });
const bits = (model: Sequential) =>
  [...model.namedParameters(), ...model.namedBuffers()].map(([name, { value }]) => [
    name,
    [...value.dataSync()],
  ]);

test('a resumed run continues running statistics bit for bit', async () => {
  const straight = net();
  for await (const _ of fit(base(straight)));
  expect(straight.namedBuffers().get('1.mean')?.value.dataSync()).not.toEqual(new Float32Array(4));
  let saved: Uint8Array | undefined;
  for await (const event of fit({ ...base(net()), checkpoint: { everySteps: 5 } }))
    if (event.type === 'checkpoint') saved ??= event.bytes;
  const resumed = net();
  for await (const _ of fit({ ...base(resumed), resume: saved as Uint8Array }));
  expect(bits(resumed)).toEqual(bits(straight));
});

test('early stopping restores those of the best epoch', async () => {
  const model = net();
  let best = Number.POSITIVE_INFINITY;
  for await (const event of fit({
    ...base(model),
    epochs: 30,
    validation,
    earlyStopping: { patience: 2 },
  }))
    if (event.type === 'epoch') best = Math.min(best, event.validation?.loss as number);
  expect((await evaluate(model, validation)).loss).toBe(best);
});
