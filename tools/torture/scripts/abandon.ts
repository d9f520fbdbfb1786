import { batches, batchWorker, shapes } from '@funhash/datasets';
import { runTraining, threadExecutor } from '@funhash/experiments';
import { random } from '@funhash/hashing';
import { Dense, Sequential, useBackend } from '@funhash/layers';
import { memory } from '@funhash/tensor';
import { fit } from '@funhash/training';

// Begins things again and again and leaves them at any moment, then has nothing more to do: the process must end by
// itself. The last line tells how much memory stayed.

const [kind, seedText, roundsText] = process.argv.slice(2) as [keyof typeof kinds, string, string];
const draw = random(Number(seedText)).fork(kind);
const gc = (globalThis as { gc?: () => void }).gc as () => void;

const count = 60;
const split = {
  count,
  inputs: Uint8Array.from({ length: count * 36 }, (_, k) => k % 251),
  labels: Uint8Array.from({ length: count }, (_, k) => k % 3),
};
const imageSize = { height: 6, width: 6, channels: 1 };
const loader = { batchSize: 10, imageSize, augment: { shift: 1 } };
const net = (): Sequential =>
  new Sequential([new Dense({ in: 36, out: 8, activation: 'relu' }), new Dense({ in: 8, out: 3 })]);
const run = {
  data: { name: 'rect', trainCount: 40, validation: 10, testCount: 10 },
  net: { widths: [4], weights: 'hashedNet:1/8' },
  ...{ epochs: 3, batchSize: 20, backend: 'reference' },
};

class Left extends Error {}

/** Takes some events and goes: by break, by an error, or without a word. */
async function leave(events: AsyncIterable<unknown> | Iterable<unknown>): Promise<void> {
  let left = draw.integer(12);
  const how = draw.integer(3);
  if (how === 2) {
    const iterator =
      Symbol.asyncIterator in events ? events[Symbol.asyncIterator]() : events[Symbol.iterator]();
    for (; left > 0; left--) if ((await iterator.next()).done) return;
    return;
  }
  try {
    for await (const _ of events) {
      if (left-- > 0) continue;
      if (how === 0) break;
      throw new Left();
    }
  } catch (error) {
    if (!(error instanceof Left)) throw error;
  }
}

const kinds = {
  fit: () =>
    leave(
      fit({
        model: net(),
        data: { ...split, inputShape: [36] },
        batchSize: 10,
        epochs: 3,
        reportEverySteps: 1,
      }),
    ),
  batches: () => leave(batches(split, loader)),
  batchWorker: async () => {
    const worker = await batchWorker(split, loader);
    await leave(worker.epoch(draw.integer(5)));
    if (draw.integer(2) === 0) await worker.close();
  },
  fitOnWorker: async () => {
    const worker = await batchWorker(split, loader);
    const flat = async function* (epoch: number) {
      for await (const { inputs, labels } of worker.epoch(epoch)) yield { inputs, labels, inputShape: [36] };
    };
    await leave(
      fit({ model: net(), data: flat, stepsPerEpoch: worker.stepsPerEpoch, epochs: 2, reportEverySteps: 1 }),
    );
    if (draw.integer(2) === 0) await worker.close();
  },
  run: () => leave(runTraining(run, { reportEverySteps: 1 })),
  executor: async () => {
    const executor = threadExecutor({ threads: 2 });
    await Promise.all([leave(executor.run(run)), leave(executor.run(run))]);
    if (draw.integer(2) === 0) await executor.close();
  },
  data: () => leave(shapes('rect', { trainCount: 20, testCount: 5 }).train.labels),
  threads: async () => {
    await useBackend('wasm', { threads: 2 });
    await kinds.fit();
  },
} satisfies Record<string, () => Promise<void>>;

if (!kinds[kind]) throw new Error(Object.keys(kinds).join());
const held = async (): Promise<Record<string, number>> => {
  for (let k = 0; k < 4; k++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    gc();
  }
  const { heapUsed, arrayBuffers, external } = process.memoryUsage();
  return { heapUsed, arrayBuffers, external, tensors: memory().bytes };
};
const rounds = Number(roundsText);
for (let round = 0; round < Math.ceil(rounds / 3); round++) await kinds[kind]();
const before = await held();
for (let round = 0; round < rounds; round++) await kinds[kind]();
const after = await held();
console.log(JSON.stringify({ before, after, resources: process.getActiveResourcesInfo() }));
