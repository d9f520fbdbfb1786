import { hashedNet, load, tensor } from '@funhash/layers';
import { recurrentNet } from '@funhash/models';
import { adam, fit } from '@funhash/training';
import { expect, test } from 'vitest';

/** Images whose class is the row in which the bright pixels lie. */
function barsIn(count: number): { inputs: Float32Array; labels: Int32Array } {
  const inputs = new Float32Array(count * 36);
  const labels = Int32Array.from({ length: count }, (_, k) => k % 3);
  labels.forEach((label, k) => {
    for (let col = 0; col < 6; col++)
      inputs[k * 36 + (2 * label + (k % 2)) * 6 + col] = 0.5 + ((k * 7 + col * 3) % 5) / 10;
  });
  return { inputs, labels };
}

test.each([
  ['plain', undefined],
  ['hashed', hashedNet({ ratio: 1 / 4 })],
])('%s: it learns what comes early in a sequence, and comes back from a file', async (_, weight) => {
  const net = recurrentNet({ input: [6, 6, 1], classes: 3, hidden: 16, seed: 2, ...(weight && { weight }) });
  const data = barsIn(60);
  let last = Number.POSITIVE_INFINITY;
  for await (const event of fit({
    model: net,
    data,
    epochs: 40,
    batchSize: 20,
    seed: 1,
    optimizer: adam({ learningRate: 0.02 }),
  }))
    if (event.type === 'epoch') last = event.loss;
  expect(last).toBeLessThan(0.1);
  const x = tensor(data.inputs.slice(0, 36 * 4), [4, 36]);
  const loaded = await load(await net.toBytes());
  expect(loaded.forward(x).toArray()).toEqual(net.forward(x).toArray());
});
