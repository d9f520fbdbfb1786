import { Dense, hashedNet, Sequential, type WeightRequest } from '@funhash/layers';
import { currentBackend, type Kernels, useBackend, type View } from '@funhash/tensor';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fit } from './fit.ts';

const { stackTraceLimit } = Error;
beforeAll(async () => {
  Error.stackTraceLimit = 200;
  await useBackend('wasm', { strict: true });
});
afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

type ProductName = 'matmul' | 'virtualMatmul';

/** Files of ours between `fit` and the first call of a kernel, from `fit` down, each where it comes first. */
async function wayTo(kernel: ProductName, weight?: WeightRequest): Promise<string[]> {
  const { kernels } = currentBackend() as unknown as { kernels: Record<ProductName, Kernels['matmul']> };
  const inner = kernels[kernel];
  let stack = '';
  kernels[kernel] = (a, b, { buffer, dtype, shape, strides, offset }, epilogue) => {
    // The kernel itself is on the stack only while it runs: where it asks for the type of its result.
    const out: View = {
      ...{ buffer, shape, strides, offset },
      get dtype() {
        stack ||= new Error('the way').stack as string;
        return dtype;
      },
    };
    inner.call(kernels, a, b, out, epilogue);
  };
  try {
    const layers = [
      new Dense({ in: 4, out: 5, activation: 'relu', ...(weight && { weight }) }),
      new Dense({ in: 5, out: 2, ...(weight && { weight }) }),
    ];
    const data = { inputs: new Float32Array(40).fill(1), labels: new Int32Array(10) };
    for await (const _ of fit({ model: new Sequential(layers), data, epochs: 1 }));
  } finally {
    kernels[kernel] = inner;
  }
  const files = [...stack.matchAll(/packages\/([\w/-]+)\.ts:/g)].map(([, file]) =>
    (file as string).replace('/src/', '/'),
  );
  return [...new Set(files.reverse())];
}

// A tape runs the model for training: its file comes before those of layers, its ops after those of weights.
const rooms = ['training/', 'autodiff/grad', 'layers/', 'space/', 'autodiff/ops/', 'tensor/', 'wasm/'];
const roomOf = (file: string): number => rooms.findIndex((room) => file.startsWith(room));

test.each<[ProductName, WeightRequest | undefined]>([
  ['matmul', undefined],
  ['virtualMatmul', hashedNet({ ratio: 1 / 2 })],
])('from fit to the kernel %s, downward through at most eleven files', async (kernel, weight) => {
  const way = await wayTo(kernel, weight);
  const places = way.map(roomOf);
  expect(way.slice(0, 3)).toEqual(['training/fit', 'training/training-run', 'autodiff/grad']);
  expect(way.slice(-2)).toEqual([
    'tensor/run-kernel',
    kernel === 'matmul' ? 'wasm/kernels/matmul' : 'wasm/kernels/virtual',
  ]);
  expect(places, way.join(' → ')).toEqual(places.toSorted((a, b) => a - b));
  expect(way.length, way.join(' → ')).toBeLessThanOrEqual(11);
});
