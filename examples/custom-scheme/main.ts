// A scheme of one's own in one file, toeplitz.ts: checked by the laws, trained, saved and loaded.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Dense, load, Sequential, tensor } from '@funhash/layers';
import { schemeLaws } from '@funhash/space/testing';
import { accuracy, evaluate, fit } from '@funhash/training';
import { toeplitz } from './toeplitz.ts';

// In a test runner: for (const law of schemeLaws(toeplitz)) test(law.name, law.check).
for (const law of schemeLaws(toeplitz)) {
  await law.check();
  console.log(`law ${law.name}: holds`);
}

const model = new Sequential([
  new Dense({ in: 2, out: 32, activation: 'tanh' }),
  new Dense({ in: 32, out: 32, activation: 'tanh', weight: toeplitz() }),
  new Dense({ in: 32, out: 2 }),
]);
const inputs = Array.from({ length: 200 }, (_, k) => [Math.sin(k), Math.sin(1.7 * k)]);
const data = { inputs, labels: inputs.map(([x = 0, y = 0]) => (x * y > 0 ? 1 : 0)) };
for await (const event of fit({ model, data, epochs: 30, batchSize: 50 }))
  if (event.type === 'end') console.log(`${event.reason} after ${event.step} steps`);
console.log(await evaluate(model, data, { metrics: { accuracy } }));

const folder = await mkdtemp(join(tmpdir(), 'funhash-'));
await model.save(join(folder, 'toeplitz.safetensors'));
const loaded = await load(join(folder, 'toeplitz.safetensors'), { schemes: { toeplitz } });
await rm(folder, { recursive: true });
const x = tensor([[0.3, -0.4]]);
console.log('saved', model.forward(x).toArray(), 'loaded', loaded.forward(x).toArray());
