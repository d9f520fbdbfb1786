import { BatchNorm, Dense, Dropout, hashedNet, Sequential } from '@funhash/layers';
import { useBackend } from '@funhash/tensor';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { valuesIn } from './earlier-runs.spec-kit.ts';
import type { FitConfig } from './fit-config.ts';
import { bitsOf, eventsOf, firstCheckpoint, ofType, spirals } from './fit-runs.spec-kit.ts';
import { huber, meanSquaredError } from './losses.ts';
import { sgd } from './optimizers/sgd.ts';

const net = (): Sequential =>
  new Sequential(
    [
      new Dense({ in: 2, out: 6, activation: 'tanh', weight: hashedNet({ ratio: 1 / 2 }) }),
      new Dense({ in: 6, out: 2 }),
    ],
    { seed: 3 },
  );
const optimizer = sgd({ learningRate: 0.2, momentum: 0.5 });
const flat = (model: Sequential): number[] =>
  [...model.namedParameters().values()].flatMap(({ value }) => [...value.dataSync()]);

async function trained(config: Omit<FitConfig, 'model' | 'epochs' | 'optimizer'>) {
  const model = net();
  const events = await eventsOf({ model, epochs: 2, optimizer, reportEverySteps: 1, ...config });
  return { values: flat(model), losses: ofType(events, 'step').map(({ loss }) => loss), events };
}

function requireNear(a: readonly number[], b: readonly number[]): void {
  expect(a.length).toBe(b.length);
  for (const [k, x] of a.entries()) expect(Math.abs(x - (b[k] as number))).toBeLessThan(3e-6);
}

describe.each(['reference', 'wasm'] as const)('%s', (name) => {
  beforeAll(async () => void (await useBackend(name)));

  test('n batches a step are one batch n times as large, whatever is left of an epoch', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 3, max: 40 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom('plain', 'weighted', 'numbers', 'huber'),
        async (count, batchSize, accumulate, kind) => {
          const { inputs, labels } = spirals(count, count);
          const targets = Float32Array.from({ length: 2 * count }, (_, k) => Math.cos(k));
          const isOfLabels = kind === 'plain' || kind === 'weighted';
          const rest = {
            data: isOfLabels ? { inputs, labels } : { inputs, targets, inputShape: [2], count },
            seed: count,
            ...(kind === 'weighted' && { classWeights: [1, 3], labelSmoothing: 0.1 }),
            ...(!isOfLabels && { loss: kind === 'huber' ? huber : meanSquaredError }),
          };
          const whole = await trained({ ...rest, batchSize: batchSize * accumulate });
          const parts = await trained({ ...rest, batchSize, accumulate });
          requireNear(parts.values, whole.values);
          requireNear(parts.losses, whole.losses);
          requireNear(
            ofType(parts.events, 'epoch').map(({ loss }) => loss),
            ofType(whole.events, 'epoch').map(({ loss }) => loss),
          );
        },
      ),
      { seed: 5, numRuns: 12 },
    );
  });

  test('resumed in the middle of an epoch: the same bits', async () => {
    const model = () =>
      new Sequential(
        [
          new Dense({ in: 2, out: 6 }),
          new BatchNorm({ channels: 6, activation: 'relu' }),
          new Dropout({ rate: 0.3 }),
          new Dense({ in: 6, out: 2 }),
        ],
        { seed: 2 },
      );
    const rest = { data: spirals(50, 1), epochs: 2, batchSize: 6, accumulate: 3, seed: 9 };
    const [straight, stopped] = [model(), model()];
    await eventsOf({ ...rest, model: straight });
    const { bytes } = await firstCheckpoint({ ...rest, model: stopped, checkpoint: { everySteps: 2 } });
    const resumed = model();
    await eventsOf({ ...rest, model: resumed, resume: bytes });
    expect(bitsOf(resumed)).toEqual(bitsOf(straight));
    expect(valuesIn(resumed)).toEqual(valuesIn(straight));
    await expect(eventsOf({ ...rest, accumulate: 2, model: model(), resume: bytes })).rejects.toThrow(
      'accumulate: 3 in the checkpoint, 2 here',
    );
  });
});

test('batches of a function are grouped within an epoch, and more of them than it says are refused', async () => {
  const sizes = [4, 2, 7, 1, 3];
  const batches = (epoch: number) => sizes.map((count, k) => spirals(count, 10 * epoch + k));
  const seen = await trained({ data: batches, accumulate: 2, stepsPerEpoch: 3 });
  expect(ofType(seen.events, 'start')[0]?.steps).toBe(6);
  expect(seen.losses).toHaveLength(6);
  await expect(trained({ data: batches, accumulate: 2, stepsPerEpoch: 2 })).rejects.toThrow(
    '4 batches of data(0), as stepsPerEpoch says',
  );
});
