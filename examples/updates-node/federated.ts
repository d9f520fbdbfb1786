// Federated averaging in the space of stored values: ten clients tune a hashed network on digits of their own, and send updates.
//
//     npx -y pnpm@12 --filter @funhash-examples/updates-node federated --rounds 8
//
// Client k has few classes more often than others: digits are dealt sorted by label, two shards each (McMahan et al. 2017).

import { parseArgs } from 'node:util';
import { applyUpdate, encodeUpdate } from '@funhash/codec/update';
import { Dense, Flatten, hashedNet, random, Sequential } from '@funhash/layers';
import { errorRate, evaluate, fit, sgd } from '@funhash/training';
import { type Digits, digits } from './digits.ts';
import { setTensors, type Tensors, tensorsOf } from './tensors.ts';

const { values: given } = parseArgs({
  options: {
    rounds: { type: 'string', default: '8' },
    clients: { type: 'string', default: '10' },
    step: { type: 'string', default: '0.125' },
    lambda: { type: 'string', default: '1' },
    seed: { type: 'string', default: '0' },
  },
});
const [rounds, clients, seed] = [Number(given.rounds), Number(given.clients), Number(given.seed)];
const { base, test } = await digits();
const shards = dealt(base, 2 * clients, seed);
const net = new Sequential(
  [
    new Flatten(),
    new Dense({ in: 784, out: 200, activation: 'relu', weight: hashedNet({ ratio: 1 / 16 }) }),
    new Dense({ in: 200, out: 10, weight: hashedNet({ ratio: 1 / 4 }) }),
  ],
  { seed },
);
let server = await tensorsOf(net);
const values = [...server.values()].reduce((sum, { data }) => sum + data.length, 0);
console.log(`${values} stored values, ${4 * values} bytes as f32`);
let sent = 0;
for (let round = 1; round <= rounds; round++) {
  const arrived: Tensors[] = [];
  let bytes = 0;
  for (let client = 0; client < clients; client++) {
    await setTensors(net, server);
    await fit({
      model: net,
      data: shards[client] as Digits,
      epochs: 1,
      batchSize: 50,
      seed: seed + 100 * round + client,
      optimizer: sgd({ learningRate: 0.02 }),
    });
    const update = encodeUpdate(server, await tensorsOf(net), {
      step: Number(given.step),
      lambda: Number(given.lambda),
    });
    bytes += update.length;
    arrived.push(applyUpdate(server, update));
  }
  server = meanOf(server, arrived);
  sent += bytes;
  await setTensors(net, server);
  const { errorRate: wrong } = await evaluate(net, test, { metrics: { errorRate } });
  console.log(
    `round ${round}: ${Math.round(bytes / clients)} bytes a client, ${sent} in all, test error ${(100 * (wrong as number)).toFixed(2)} %`,
  );
}

function meanOf(before: Tensors, parts: readonly Tensors[]): Tensors {
  return new Map(
    [...before].map(([name, { shape, data }]) => [
      name,
      {
        shape,
        data: Float32Array.from(data, (_, k) =>
          parts.reduce((sum, part) => sum + (part.get(name)?.data[k] as number) / parts.length, 0),
        ),
      },
    ]),
  );
}

/** Digits sorted by label, cut into pieces, two of which each client has. */
function dealt({ inputs, labels, inputShape, count }: Digits, pieces: number, by: number): Digits[] {
  const order = Array.from({ length: count }, (_, k) => k).sort(
    (a, b) => (labels[a] as number) - (labels[b] as number) || a - b,
  );
  const turn = random(by).fork('deal').permutation(pieces);
  const length = Math.floor(count / pieces);
  return Array.from({ length: pieces / 2 }, (_, client) => {
    const own = [2 * client, 2 * client + 1].flatMap((k) => {
      const from = (turn[k] as number) * length;
      return order.slice(from, from + length);
    });
    const size = 784;
    const part = new Uint8Array(own.length * size);
    for (const [k, at] of own.entries()) part.set(inputs.subarray(at * size, (at + 1) * size), k * size);
    return {
      count: own.length,
      inputs: part,
      labels: Uint8Array.from(own, (at) => labels[at] as number),
      inputShape,
    };
  });
}
