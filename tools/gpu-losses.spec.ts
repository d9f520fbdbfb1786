import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium } from './chromium.ts';
import { serveGpuPage } from './gpu-page.ts';
import { trainedNets, worstDifference } from './gpu-training.ts';
import { hasHeadlessGl } from './headless-gl.ts';
import { someDigits } from './some-digits.ts';

/** Training on the GPU comes to the losses that it comes to on wasm. */
const agree = (run: (net: string) => Promise<number>, nets = trainedNets): void => {
  test.each(nets)('%s: 100 steps with the losses of wasm', { timeout: 300_000 }, async (net) => {
    expect(await run(net)).toBeLessThan(1e-3);
  });
};

describe('training in mode cpu', () => {
  // Hashes of whole layers, and many steps, take scripts long.
  const nets = trainedNets.filter((net) => !/hash|lstm/i.test(net));
  agree(async (net) => worstDifference(net, await someDigits(), 'cpu'), nets);
});

describe.skipIf(!hasHeadlessGl)('training in mode headlessgl', () =>
  agree(async (net) => worstDifference(net, await someDigits(), 'headlessgl')),
);

// Needs Debian's chromium, or one named in CHROMIUM.
describe.skipIf(!hasChromium)('training in WebGL2', () => {
  let page: Awaited<ReturnType<typeof serveGpuPage>>;
  beforeAll(async () => {
    page = await serveGpuPage(await someDigits());
  });
  afterAll(() => page.close());

  agree((net) => page.call('difference', net));
});
