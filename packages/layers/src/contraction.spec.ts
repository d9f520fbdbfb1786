import { currentBackend, type Tensor, tensor, useBackend } from '@funhash/tensor';
import { createBackend } from '@funhash/wasm';
import { afterAll, describe, expect, test } from 'vitest';
import {
  Conv2d,
  Dense,
  gradientsOf,
  load,
  mpo,
  multiply,
  Sequential,
  scope,
  sum,
  tensorTrain,
} from './index.ts';

const before = currentBackend();
afterAll(async () => void (await useBackend(before)));

const waves = (shape: readonly number[]): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((size, extent) => size * extent, 1) }, (_, k) => Math.sin(k)),
    shape,
  );

describe('the first dense layer of VGG, 25088 → 4096', () => {
  const [width, out, rank] = [25_088, 4096, 4];
  // The largest product of modes on the way, with those of the first core already exchanged.
  const largest = 2 * width;

  test.each([1, 100])('a step at batch %i on wasm needs no V', async (batch) => {
    const backend = createBackend({ threads: 1 });
    await useBackend(backend, { strict: true });
    const layer = new Dense({
      in: width,
      out,
      weight: tensorTrain({ inModes: [2, 7, 8, 8, 7, 4], outModes: [4, 4, 4, 4, 4, 4], ranks: rank }),
    });
    const x = waves([batch, width]);
    // Start values come with the first use.
    scope(() => layer.forward(x));
    const before = backend.memoryUsage().usedBytes;
    scope(() => {
      const values = [x, ...layer.parameters().map(({ value }) => value)];
      const [, gradients] = gradientsOf(() => sum(multiply(layer.forward(x), layer.forward(x))), values);
      expect(gradients.map(({ shape }) => shape)).toEqual(values.map(({ shape }) => shape));
    });
    const { usedBytes, peakBytes } = backend.memoryUsage();
    expect(usedBytes).toBe(before);
    // Two products are alive at once here. V is 411 MB, and its gradient as much again.
    expect(peakBytes - before).toBeLessThan(4 * batch * rank * largest * 4);
    expect(peakBytes - before).toBeLessThan((width * out * 4) / 2);
  });
});

test.each(['reference', 'wasm'] as const)(
  'a convolution takes a train in the layout of Garipov et al. on %s',
  async (name) => {
    await useBackend(name);
    const weight = tensorTrain({ kernel: 3, ranks: 3 });
    const layer = new Conv2d({ in: 8, out: 12, kernelSize: 3, padding: 1, weight });
    expect(layer.weight.options).toMatchObject({ inModes: [9, 2, 4], outModes: [1, 3, 4] });
    const plain = new Conv2d({ in: 8, out: 12, kernelSize: 3, padding: 1 });
    plain.weight.parameters[0]?.assign(scope(() => layer.weight.decode().contiguous()));
    const x = waves([2, 5, 5, 8]);
    const wrt = layer.parameters().map(({ value }) => value);
    const [value, gradients] = gradientsOf(() => sum(multiply(layer.forward(x), layer.forward(x))), wrt);
    const [expected] = gradientsOf(() => sum(multiply(plain.forward(x), plain.forward(x))), []);
    expect(value.item()).toBeCloseTo(expected.item(), 2);
    for (const gradient of gradients) expect(gradient.dataSync().some((entry) => entry !== 0)).toBe(true);
  },
);

test('a file keeps modes, bonds and cores', async () => {
  await useBackend('reference');
  const net = new Sequential([
    new Dense({
      in: 30,
      out: 12,
      weight: mpo({ inModes: [6, 5], outModes: [4, 3], bonds: [2], boundary: 3 }),
    }),
    new Dense({ in: 12, out: 7, weight: tensorTrain({ ratio: 0.9, padding: true }) }),
  ]);
  const again = await load(await net.toBytes());
  const x = waves([2, 30]);
  expect([...(again as Sequential).forward(x).dataSync()]).toEqual([...net.forward(x).dataSync()]);
  expect(String((again as Sequential).summary())).toBe(String(net.summary()));
});
