import { createServer } from 'vite';
import { expect, test, vi } from 'vitest';
import { hasChromium, inChromium } from '../tools/chromium.ts';

/** What a program prints. */
async function outputOf(run: () => Promise<unknown>): Promise<unknown[][]> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await run();
    return log.mock.calls;
  } finally {
    log.mockRestore();
  }
}

test('examples/xor-node answers XOR', async () => {
  const output = await outputOf(() => import('../examples/xor-node/main.ts'));
  expect(output.at(-1)).toEqual(['answers', [0, 1, 1, 0]]);
});

test('examples/custom-scheme: the laws hold, it learns, and its file is loaded', async () => {
  const output = await outputOf(() => import('../examples/custom-scheme/main.ts'));
  expect(output.filter(([line]) => String(line).startsWith('law ')).length).toBeGreaterThan(10);
  expect(output.at(-2)?.[0]).toMatchObject({ accuracy: 1 });
  const [, saved, , loaded] = output.at(-1) ?? [];
  expect(loaded).toEqual(saved);
});

// Needs Debian's chromium, or one named in CHROMIUM.
test.skipIf(!hasChromium)(
  'examples/browser trains on WebAssembly in Chromium as it does in Node',
  async () => {
    const { build, train } = await import('../examples/browser/spirals.ts');
    let inNode = Number.NaN;
    for await (const event of train(build()))
      if (event.type === 'epoch') inNode = event.validation?.loss as number;

    const server = await createServer({
      root: new URL('../examples/browser', import.meta.url).pathname,
      server: { host: '127.0.0.1', port: 0 },
      logLevel: 'error',
    });
    await server.listen();
    try {
      await inChromium(async (page) => {
        await page.goto(server.resolvedUrls?.local[0] as string);
        await page.waitForSelector('body[data-done]', { state: 'attached' });
        expect(await page.textContent('#net')).toMatch(/on wasm$/);
        const progress = (await page.textContent('#progress')) as string;
        const [, epoch, loss, wrong] =
          /epoch (\d+): validation loss ([\d.]+), ([\d.]+) % wrong/.exec(progress) ?? [];
        expect(Number(epoch)).toBe(60);
        expect(Number(loss)).toBeCloseTo(inNode, 6);
        expect(Number(wrong)).toBeLessThan(3);
        expect(await page.textContent('#busy')).toMatch(/^\d+ tasks of this page took over 50 ms$/);
        if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });
      });
    } finally {
      await server.close();
    }
  },
);

test.skipIf(!hasChromium)('examples/browser-gpu trains in WebGL2', { timeout: 120_000 }, async () => {
  const server = await createServer({
    root: new URL('../examples/browser-gpu', import.meta.url).pathname,
    server: { host: '127.0.0.1', port: 0 },
    logLevel: 'error',
  });
  await server.listen();
  try {
    await inChromium(
      async (page) => {
        await page.goto(server.resolvedUrls?.local[0] as string);
        await page.waitForSelector('body[data-done]', { state: 'attached', timeout: 110_000 });
        if (process.env.SCREENSHOT_GPU) await page.screenshot({ path: process.env.SCREENSHOT_GPU });
        expect(await page.textContent('#frames')).toMatch(/^40 of 40, /);
        const [, loss, wrong] =
          /epoch 40: validation loss ([\d.]+), ([\d.]+) % wrong/.exec(
            (await page.textContent('#loss')) as string,
          ) ?? [];
        expect(Number(loss)).toBeLessThan(0.4);
        expect(Number(wrong)).toBeLessThan(15);
        expect(await page.textContent('#memory')).toMatch(/^\d+ textures, \d+ kB/);
      },
      { webGl: true },
    );
  } finally {
    await server.close();
  }
});

test.skipIf(!hasChromium)(
  'examples/predict-page predicts under strict policies',
  { timeout: 60_000 },
  async () => {
    const { servePage } = await import('../examples/predict-page/serve.ts');
    let policy = '';
    const { server, url } = await servePage(() => policy);
    try {
      for (const by of ['plan', 'code'] as const) {
        policy = `default-src 'self'${by === 'code' ? "; script-src 'self' 'wasm-unsafe-eval'" : ''}`;
        await inChromium(async (page) => {
          const complaints: string[] = [];
          page.on('console', (message) => void complaints.push(message.text()));
          await page.goto(`${url}?${by}`);
          await page.waitForSelector('body[data-by]', { state: 'attached' });
          expect(await page.getAttribute('body', 'data-by')).toBe(by);
          expect(Number(await page.getAttribute('body', 'data-right'))).toBeGreaterThan(0.9);
          // A browser tells of code that a policy refused; nothing else may be refused.
          expect(complaints.filter((text) => by === 'code' || !/wasm|WebAssembly/i.test(text))).toEqual([]);
          if (process.env.SCREENSHOT_PREDICT) await page.screenshot({ path: process.env.SCREENSHOT_PREDICT });
        });
      }
    } finally {
      server.close();
    }
  },
);
