import { Dense, hashedNet, Sequential } from '@funhash/layers';
import { fit } from '@funhash/training';

const importedMs = performance.now();
const model = new Sequential([
  new Dense({ in: 784, out: 100, activation: 'relu', weight: hashedNet({ ratio: 1 / 8 }) }),
  new Dense({ in: 100, out: 10 }),
]);
const data = { inputs: new Float32Array(32 * 784), inputShape: [784], labels: new Int32Array(32) };
for await (const _ of fit({ model, data, epochs: 1, batchSize: 32 }));
console.log(JSON.stringify({ importedMs, doneMs: performance.now() }));
