// One network trained by several workers that send coded updates: bytes and time of each exchange, and what the error comes to.
//
//     node --conditions=@funhash/source --import tsx tools/data-parallel.ts
//
// Workers take turns in this process, so their arithmetic is that of workers side by side, and times are those of one of them.

import { parseArgs } from 'node:util';
import { applyUpdate, encodeUpdate } from '@funhash/codec/update';
import { datasets, type ImageDataset, subset } from '@funhash/datasets';
import { chooseBackend } from '@funhash/experiments';
import { Dense, Flatten, hashedNet, type Module, Sequential } from '@funhash/layers';
import { leNet5 } from '@funhash/models';
import { scope, tensor } from '@funhash/tensor';
import { errorRate, evaluate, fit, sgd } from '@funhash/training';

const { values: given } = parseArgs({
  options: {
    samples: { type: 'string', default: '12000' },
    workers: { type: 'string', default: '4' },
    step: { type: 'string', default: '0.0625' },
  },
});
const [samples, workers, step] = [Number(given.samples), Number(given.workers), Number(given.step)];
const batchSize = 50;
await chooseBackend('auto', 1);
const { train, test } = (await datasets.mnist()) as ImageDataset;

type Values = Map<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;

const nets: readonly (readonly [string, number, () => Module])[] = [
  [
    '784-200-10, hashedNet 1/16',
    0.05,
    () =>
      new Sequential([
        new Flatten(),
        new Dense({ in: 784, out: 200, activation: 'relu', weight: hashedNet({ ratio: 1 / 16 }) }),
        new Dense({ in: 200, out: 10, weight: hashedNet({ ratio: 1 / 4 }) }),
      ]),
  ],
  ['LeNet-5, plain', 0.1, () => leNet5({})],
];

async function valuesOf(net: Module): Promise<Values> {
  const all: Values = new Map();
  for (const [name, { value }] of net.namedParameters())
    all.set(name, { shape: value.shape, data: Float32Array.from(await value.data()) });
  return all;
}

function give(net: Module, values: Values): void {
  for (const [name, parameter] of net.namedParameters()) {
    const { data, shape } = values.get(name) as { shape: readonly number[]; data: Float32Array };
    scope(() => parameter.assign(tensor(data, shape)));
  }
}

const combined = (a: Values, b: Values, of: (x: number, y: number) => number): Values =>
  new Map(
    [...a].map(([name, { shape, data }]) => {
      const other = (b.get(name) as { data: Float32Array }).data;
      return [name, { shape, data: data.map((x, k) => of(x, other[k] as number)) }];
    }),
  );

interface Cost {
  bytes: number;
  trainMs: number;
  codeMs: number;
  exchanges: number;
}

/** @param local steps between exchanges; @param isCoded whether what is sent is an update, or values as they are */
async function trained(
  make: () => Module,
  learningRate: number,
  local: number,
  isCoded: boolean,
  by = workers,
) {
  const net = make();
  let server = await valuesOf(net);
  const zero = combined(server, server, () => 0);
  const kept = Array.from({ length: by }, () => zero);
  const cost: Cost = { bytes: 0, trainMs: 0, codeMs: 0, exchanges: 0 };
  const each = local * batchSize;
  for (let from = 0; from + each * by <= samples; from += each * by) {
    let sum = zero;
    for (let worker = 0; worker < by; worker++) {
      give(net, server);
      const at = Int32Array.from({ length: each }, (_, k) => from + worker * each + k);
      let begun = performance.now();
      await fit({
        model: net,
        data: { ...subset(train, at), inputShape: [28, 28, 1] } as never,
        ...{ epochs: 1, batchSize, optimizer: sgd({ learningRate }) },
      });
      cost.trainMs += performance.now() - begun;
      begun = performance.now();
      const own = await valuesOf(net);
      let arrived = own;
      if (isCoded) {
        // What was left out of an update is sent with the next one (Seide et al. 2014, "1-bit stochastic gradient descent").
        const wanted = combined(own, kept[worker] as Values, (x, rest) => x + rest);
        const update = encodeUpdate(server, wanted, { step, lambda: 1 });
        arrived = applyUpdate(server, update) as Values;
        kept[worker] = combined(wanted, arrived, (x, y) => x - y);
        cost.bytes += update.length;
      } else for (const { data } of own.values()) cost.bytes += data.byteLength;
      cost.codeMs += performance.now() - begun;
      cost.exchanges++;
      sum = combined(
        sum,
        combined(arrived, server, (x, y) => x - y),
        (x, y) => x + y,
      );
    }
    server = combined(server, sum, (x, y) => x + y / by);
  }
  give(net, server);
  const held = { ...test, inputShape: [28, 28, 1] } as never;
  const { errorRate: wrong } = await evaluate(net, held, { metrics: { errorRate } });
  net.dispose();
  return { ...cost, error: wrong as number };
}

console.log(
  `${samples} digits once, batches of ${batchSize}, ${workers} workers, updates by steps of ${step} of each tensor's scale`,
);
for (const [name, learningRate, make] of nets)
  for (const local of [1, 4, 16])
    for (const isCoded of [false, true]) {
      const { bytes, trainMs, codeMs, exchanges, error } = await trained(make, learningRate, local, isCoded);
      console.log(
        `${name}; ${local} steps an exchange, ${isCoded ? 'coded' : 'f32'}: ${Math.round(bytes / exchanges)} bytes a worker an exchange, ` +
          `${Math.round(bytes / exchanges / local)} a step; ${(trainMs / exchanges / local).toFixed(2)} ms a step, ` +
          `${(codeMs / exchanges / local).toFixed(2)} ms a step for coding and decoding; test error ${(100 * error).toFixed(2)} %`,
      );
    }
for (const [name, learningRate, make] of nets) {
  const { error } = await trained(make, learningRate, Math.floor(samples / batchSize), false, 1);
  console.log(`${name}; one worker alone: test error ${(100 * error).toFixed(2)} %`);
}
