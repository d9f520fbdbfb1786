import { load } from '@funhash/layers';
import type { Page } from 'playwright-core';
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

/** Serves an example from its sources, and opens it in Chromium. */
async function openExample(
  name: string,
  use: (page: Page) => Promise<void>,
  options?: Parameters<typeof inChromium>[1],
  query = '',
): Promise<void> {
  const server = await createServer({
    root: new URL(`../examples/${name}`, import.meta.url).pathname,
    server: { host: '127.0.0.1', port: 0 },
    logLevel: 'error',
  });
  await server.listen();
  try {
    await inChromium(async (page) => {
      await page.goto(`${server.resolvedUrls?.local[0]}${query}`);
      await use(page);
    }, options);
  } finally {
    await server.close();
  }
}

// Needs Debian's chromium, or one named in CHROMIUM.
test.skipIf(!hasChromium)(
  'examples/browser trains on WebAssembly in Chromium as it does in Node',
  async () => {
    const { build, train } = await import('../examples/browser/spirals.ts');
    let inNode = Number.NaN;
    for await (const event of train(build()))
      if (event.type === 'epoch') inNode = event.validation?.loss as number;

    await openExample('browser', async (page) => {
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
  },
);

test.skipIf(!hasChromium)('examples/browser-gpu trains in WebGL2', { timeout: 120_000 }, async () => {
  await openExample(
    'browser-gpu',
    async (page) => {
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
});

test.skipIf(!hasChromium)(
  'examples/kilobyte trains a file of so many bytes, which Node reads, and tells what is drawn',
  { timeout: 120_000 },
  async () => {
    await openExample(
      'kilobyte',
      async (page) => {
        await page.fill('#bytes', '900');
        await page.click('#start');
        await page.waitForSelector('body[data-done]', { state: 'attached', timeout: 100_000 });
        expect(await page.textContent('#told')).toMatch(/^\d+ bytes, [\d.]+ % of 150 held-out digits wrong$/);
        const file = (await page.$eval('#save', async (link) => [
          ...new Uint8Array(await (await fetch((link as HTMLAnchorElement).href)).arrayBuffer()),
        ])) as number[];
        expect(file.length).toBeLessThanOrEqual(900);
        expect((await page.textContent('#hex'))?.split(' ').map((byte) => Number.parseInt(byte, 16))).toEqual(
          file,
        );
        const net = await load(Uint8Array.from(file));
        expect([...net.weights().values()].map(({ spec }) => spec.kind)).toEqual([
          'lsq',
          'lsq',
          'lsq',
          'lsq',
        ]);
        const paper = page.locator('#paper');
        await paper.scrollIntoViewIfNeeded();
        const { x, y, width, height } = (await paper.boundingBox()) ?? expect.fail('no paper');
        await page.mouse.move(x + width / 2, y + height / 5);
        await page.mouse.down();
        await page.mouse.move(x + width / 2, y + (4 * height) / 5, { steps: 5 });
        await page.mouse.up();
        await page.waitForSelector('#seen:has-text("sure")');
        expect(await page.textContent('#seen')).toMatch(/^a \d, \d+ % sure$/);
        if (process.env.SCREENSHOT_KILOBYTE)
          await page.screenshot({ path: process.env.SCREENSHOT_KILOBYTE, fullPage: true });
      },
      {},
      '?images=1500&epochs=2,2',
    );
  },
);

/** Pixels of a canvas of a page, as text. */
const pixelsOf = (page: Page, id: string): Promise<string> =>
  page.$eval(`#${id}`, (canvas) => (canvas as HTMLCanvasElement).toDataURL());

test.skipIf(!hasChromium)(
  'examples/image-codec improves a photo, its own and that of a user, in a worker',
  { timeout: 120_000 },
  async () => {
    await openExample('image-codec', async (page) => {
      const done = () => page.waitForSelector('body[data-done]', { state: 'attached', timeout: 100_000 });
      const decibelsOf = async (name: string): Promise<number> =>
        Number(
          /([\d.]+) dB/.exec((await page.textContent(`#of-right option[value="${name}"]`)) as string)?.[1],
        );
      const photo = (await page.$eval('#left', async () => {
        const canvas = new OffscreenCanvas(96, 72);
        const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;
        for (let k = 0; k < 96; k++) {
          context.fillStyle = `hsl(${5 * k} 70% ${20 + (k % 7) * 10}%)`;
          context.fillRect(k, (k * 7) % 40, 9, 20 + (k % 5) * 6);
        }
        return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
      })) as number[];
      await page.fill('#steps', '12');
      const file = { name: 'photo.png', mimeType: 'image/png', buffer: Buffer.from(photo) };
      await page.setInputFiles('#file', file);
      await done();
      expect(await page.textContent('#told')).toMatch(
        /^(tuned in [\d.]+ s: the update has \d+ bytes|nothing is added)/,
      );
      expect(await decibelsOf('base')).toBeGreaterThan(10);
      await page.selectOption('#of-left', 'JPEG');
      await page.selectOption('#of-right', 'base');
      expect(await pixelsOf(page, 'right')).not.toBe(await pixelsOf(page, 'left'));
      // The photo is transparent where nothing was drawn: for all but the JPEG.
      const alphaOf = async (name: string): Promise<string> => {
        await page.selectOption('#of-right', name);
        return page.$eval('#right', (canvas) => {
          const { width, height } = canvas as HTMLCanvasElement;
          const context = (canvas as HTMLCanvasElement).getContext('2d') as CanvasRenderingContext2D;
          return context
            .getImageData(0, 0, width, height)
            .data.filter((_, k) => k % 4 === 3)
            .join();
        });
      };
      const alpha = await alphaOf('original');
      expect(new Set(alpha.split(','))).toEqual(new Set(['0', '255']));
      expect(await alphaOf('base')).toBe(alpha);
      expect(new Set((await alphaOf('JPEG')).split(','))).toEqual(new Set(['255']));
      expect(await page.textContent('#told')).toMatch(/, transparency \d+ bytes$/);
      await page.selectOption('#of-right', 'base');
      await page.fill('#slider', '20');
      expect(await page.$eval('#right', (canvas) => (canvas as HTMLCanvasElement).style.clipPath)).toBe(
        'inset(0px 0px 0px 20%)',
      );
      // The file that the page saves is shown when it is opened, and its original is not known then.
      const saved = (await page.$eval('#save', async (link) => [
        ...new Uint8Array(await (await fetch((link as HTMLAnchorElement).href)).arrayBuffer()),
      ])) as number[];
      const right = async (name: string): Promise<string> => {
        await page.selectOption('#of-right', name);
        return pixelsOf(page, 'right');
      };
      const before = await right('JPEG');
      await page.setInputFiles('#file', { name: 'photo.fhi', mimeType: '', buffer: Buffer.from(saved) });
      await done();
      expect(await right('JPEG')).toBe(before);
      expect(await alphaOf('base')).toBe(alpha);
      expect(
        await page.$$eval('#of-right option', (options) => options.map(({ textContent }) => textContent)),
      ).not.toContain(expect.stringContaining('dB'));
      if (process.env.SCREENSHOT_IMAGE) await page.screenshot({ path: process.env.SCREENSHOT_IMAGE });
    });
  },
);

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
