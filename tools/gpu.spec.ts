import { createBackend } from '@funhash/gpu';
import { Dense, Sequential, useBackend } from '@funhash/layers';
import { fit } from '@funhash/training';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium } from './chromium.ts';
import { serveGpuPage } from './gpu-page.ts';
import { someDigits } from './some-digits.ts';

const minutes = 60_000;

describe('training in mode cpu', () => {
  test('1000 steps leave as many textures as one', async () => {
    const backend = await createBackend({ mode: 'cpu' });
    await useBackend(backend, { strict: true });
    const [model, labels] = [new Sequential([new Dense({ in: 2, out: 2 })]), [0, 1, 1, 0]];
    const data = { inputs: [0, 1, 2, 3].map((k) => [k & 1, k >> 1]), labels };
    const alive = new Set<string>();
    for await (const event of fit({ model, data, epochs: 1000, batchSize: 4, reportEverySteps: 1 })) {
      const { arrays, arrayBytes } = backend.counters();
      // The first steps are recorded; from then on a plan has its memory.
      if (event.type === 'step' && event.step > 4) alive.add(`${arrays} of ${arrayBytes} bytes`);
    }
    expect(alive.size).toBe(1);
    await backend.close();
  });
});

// Needs Debian's chromium, or one named in CHROMIUM.
describe.skipIf(!hasChromium)('WebGL2 in Chromium', () => {
  let page: Awaited<ReturnType<typeof serveGpuPage>>;
  beforeAll(async () => {
    page = await serveGpuPage(await someDigits());
  });
  afterAll(() => page.close());

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
