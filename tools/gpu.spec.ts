import { loadMnist } from '@funhash/datasets';
import { createBackend } from '@funhash/gpu';
import { Dense, Sequential, useBackend } from '@funhash/layers';
import { fit } from '@funhash/training';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium } from './chromium.ts';
import { serveGpuPage } from './gpu-page.ts';
import { type Digits, trainedNets, worstDifference } from './gpu-training.ts';
import { hasHeadlessGl } from './headless-gl.ts';

const minutes = 60_000;

async function someDigits(): Promise<Digits> {
  const { train } = await loadMnist({ verify: false });
  return { inputs: train.inputs.slice(0, 784 * 2000), labels: train.labels.slice(0, 2000) };
}

/** Training on the GPU comes to the losses that it comes to on wasm. */
const agree = (run: (net: string) => Promise<number>, nets = trainedNets): void => {
  test.each(nets)('%s: 100 steps with the losses of wasm', { timeout: 5 * minutes }, async (net) => {
    expect(await run(net)).toBeLessThan(1e-3);
  });
};

describe('training in mode cpu', () => {
  // Hashes of whole layers, and many steps, take scripts long.
  const nets = trainedNets.filter((net) => !/hash|lstm/i.test(net));
  agree(async (net) => worstDifference(net, await someDigits(), 'cpu'), nets);

  test('1000 steps leave as many textures as one', async () => {
    const backend = await createBackend({ mode: 'cpu' });
    await useBackend(backend, { strict: true });
    const [model, labels] = [new Sequential([new Dense({ in: 2, out: 2 })]), [0, 1, 1, 0]];
    const data = { inputs: [0, 1, 2, 3].map((k) => [k & 1, k >> 1]), labels };
    const alive = new Set<string>();
    for await (const event of fit({ model, data, epochs: 1000, batchSize: 4, reportEverySteps: 1 })) {
      const { arrays, arrayBytes } = backend.counters();
      if (event.type === 'step') alive.add(`${arrays} of ${arrayBytes} bytes`);
    }
    expect(alive.size).toBe(1);
    await backend.close();
  });
});

describe.skipIf(!hasHeadlessGl)('training in mode headlessgl', () =>
  agree(async (net) => worstDifference(net, await someDigits(), 'headlessgl')),
);

// Needs Debian's chromium, or one named in CHROMIUM.
describe.skipIf(!hasChromium)('WebGL2 in Chromium', () => {
  let page: Awaited<ReturnType<typeof serveGpuPage>>;
  beforeAll(async () => {
    page = await serveGpuPage(await someDigits());
  });
  afterAll(() => page.close());

  test('the contract of a backend', { timeout: 10 * minutes }, async () => {
    expect(await page.call('failedLaws')).toEqual({});
  });

  agree((net) => page.call('difference', net));

  test('a device without floating-point render targets is told', { timeout: minutes }, async () => {
    expect(await page.call('withoutFloatTargets')).toMatch(/BackendError.*EXT_color_buffer_float/s);
  });

  test('a lost context is told, and training goes on from the last checkpoint', {
    timeout: minutes,
  }, async () => {
    const { error, resumed, whole } = await page.call('lostContext');
    expect(error).toMatch(/a live WebGL context.*resume from the last checkpoint/);
    expect(whole.length).toBe(100);
    expect(resumed).toEqual(whole.slice(40));
  });
});
