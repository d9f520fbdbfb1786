import { BatchNorm, Dense, hashedNet, Sequential } from '@funhash/layers';
import { adam, type FitConfig, fit, sgd } from '@funhash/training';

const inputs = Float32Array.from({ length: 12 * 4 }, (_, k) => Math.sin(k * k));
const labels = Int32Array.from({ length: 12 }, (_, k) => k % 2);
const data = { inputs, inputShape: [4], labels };

const net = (seed: number): Sequential =>
  new Sequential(
    [
      new Dense({ in: 4, out: 5, activation: 'relu', weight: hashedNet({ ratio: 1 / 2 }) }),
      new BatchNorm({ channels: 5 }),
      new Dense({ in: 5, out: 2 }),
    ],
    { seed },
  );

/** Runs of a second at most that differ in what their checkpoints hold. */
export const sampleRuns: readonly (() => FitConfig)[] = [
  () => ({ model: net(1), data, batchSize: 4, epochs: 2, optimizer: adam() }),
  () => ({ model: net(2), data, batchSize: 4, epochs: 2, optimizer: sgd({ momentum: 0.9 }), seed: 7 }),
  () => ({
    model: net(3),
    data,
    validation: data,
    batchSize: 6,
    epochs: 3,
    optimizer: adam({ learningRate: 0.01 }),
    earlyStopping: { patience: 2 },
  }),
];

/** Checkpoints of each run: within the first epoch, and at its end. */
export async function checkpointsOf(run: () => FitConfig): Promise<readonly Uint8Array[]> {
  const found: Uint8Array[] = [];
  for await (const event of fit({ ...run(), checkpoint: { everySteps: 1 } }))
    if (event.type === 'checkpoint') found.push(event.bytes);
  return found.filter((_, k) => k === 0 || k === found.length - 1);
}
