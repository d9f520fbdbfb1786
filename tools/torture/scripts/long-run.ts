import { gradientsOf } from '@funhash/autodiff';
import { BatchNorm, Dense, hashedNet, load, Sequential, scope, tensor, useBackend } from '@funhash/layers';
import { memory } from '@funhash/tensor';
import { adam, fit, softmaxCrossEntropy } from '@funhash/training';
import { createBackend } from '@funhash/wasm';

// Does one thing for many steps; after every twentieth of them it prints what the process holds, as a line of JSON.

const [kind, stepsText] = process.argv.slice(2) as [keyof typeof kinds, string];
const steps = Number(stepsText);
const gc = (globalThis as { gc?: () => void }).gc as () => void;
let wasm: { memoryUsage(): { readonly usedBytes: number; readonly reservedBytes: number } } | undefined;

const every = Math.max(1, Math.floor(steps / 20));
let done = 0;

async function step(): Promise<void> {
  if (++done % every !== 0) return;
  for (let k = 0; k < 3; k++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    gc();
  }
  const { heapUsed, arrayBuffers, external } = process.memoryUsage();
  const { usedBytes = 0, reservedBytes = 0 } = wasm?.memoryUsage() ?? {};
  const handles = process.getActiveResourcesInfo().filter((name) => name !== 'Timeout').length;
  console.log(
    JSON.stringify({
      heapUsed,
      arrayBuffers,
      external,
      usedBytes,
      reservedBytes,
      tensors: memory().bytes,
      handles,
    }),
  );
}

const net = (): Sequential =>
  new Sequential([
    new Dense({ in: 64, out: 40, activation: 'relu', weight: hashedNet({ ratio: 1 / 4 }) }),
    new BatchNorm({ channels: 40 }),
    new Dense({ in: 40, out: 10 }),
  ]);
const wave = (length: number): Float32Array => Float32Array.from({ length }, (_, k) => Math.sin(k * k));
const labels = (length: number): Int32Array => Int32Array.from({ length }, (_, k) => (k * k) % 10);

async function trained(threads: number): Promise<void> {
  wasm = await useBackend('wasm', { threads });
  // Batches large enough for kernels that are split among threads.
  const data = { inputs: wave(64 * 2048), inputShape: [64], labels: labels(2048) };
  const config = {
    model: net(),
    data,
    batchSize: 256,
    epochs: Math.ceil(steps / 8),
    optimizer: adam(),
    reportEverySteps: 1,
  };
  for await (const event of fit(config)) if (event.type === 'step' && event.step <= steps) await step();
}

const kinds = {
  'threads-1': () => trained(1),
  'threads-2': () => trained(2),
  backends: async () => {
    const x = wave(64 * 4);
    for (let k = 0; k < steps; k++) {
      const backend = createBackend({ threads: 1 + (k % 2) });
      await useBackend(backend);
      const model = net();
      const parameters = model.parameters().map(({ value }) => value);
      scope(() => {
        const [loss] = gradientsOf(
          () => softmaxCrossEntropy(model.forward(tensor(x, [4, 64])), tensor(labels(4))),
          parameters,
        );
        loss.item();
      });
      backend.close();
      await step();
    }
  },
  files: async () => {
    wasm = await useBackend('wasm');
    let bytes = await net().toBytes();
    for (let k = 0; k < steps; k++) {
      const model = await load(bytes);
      bytes = await model.toBytes({ compress: k % 4 === 0 });
      await step();
    }
  },
} satisfies Record<string, () => Promise<void>>;

await kinds[kind]();
