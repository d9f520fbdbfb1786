import { Dense, hashedNet, Sequential } from '@funhash/layers';
import { predictorFile } from '@funhash/layers/compile';
import { adam, fit } from '@funhash/training';

/** A hashed net that learns which points of a square lie within a ring, as a file for a page that only predicts. */
export async function makeModel(): Promise<Uint8Array> {
  const count = 1500;
  const inputs = Float32Array.from({ length: 2 * count }, (_, k) => Math.sin(7919 * (k + 1) * (k + 1)));
  const labels = Int32Array.from({ length: count }, (_, k) => {
    const radius = Math.hypot(inputs[2 * k] as number, inputs[2 * k + 1] as number);
    return radius > 0.4 && radius < 0.8 ? 1 : 0;
  });
  const net = new Sequential(
    [
      new Dense({ in: 2, out: 64, activation: 'tanh' }),
      new Dense({ in: 64, out: 64, activation: 'tanh', weight: hashedNet({ ratio: 1 / 8 }) }),
      new Dense({ in: 64, out: 2 }),
    ],
    { seed: 1 },
  );
  await fit({
    ...{ model: net, data: { inputs, labels, inputShape: [2] }, epochs: 16, batchSize: 50, seed: 1 },
    optimizer: adam({ learningRate: 0.01 }),
  });
  return predictorFile(net, { input: [128, 2], storeAs: 'f16' });
}
