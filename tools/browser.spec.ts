import { createServer, defaultClientConditions } from 'vite';
import { describe, expect, test } from 'vitest';
import { hasChromium, inChromium } from './chromium.ts';

const isolated = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** The `result` that a page of tools/pages promises. */
async function resultOf(page: string, headers: Record<string, string>): Promise<unknown> {
  const server = await createServer({
    root: new URL('pages', import.meta.url).pathname,
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['@funhash/source', ...defaultClientConditions] },
    server: { host: '127.0.0.1', port: 0, headers },
  });
  await server.listen();
  try {
    return await inChromium(async (tab) => {
      await tab.goto(`${server.resolvedUrls?.local[0]}${page}`);
      await tab.waitForFunction('globalThis.result !== undefined');
      return tab.evaluate('globalThis.result');
    });
  } finally {
    await server.close();
  }
}

// Need Debian's chromium, or one named in CHROMIUM.
describe.skipIf(!hasChromium)('wasm threads in Chromium', () => {
  test('a page that is cross-origin isolated has them, with the same results', async () => {
    expect(await resultOf('threads.html', isolated)).toEqual({
      threads: 2,
      isolated: true,
      shared: true,
      same: true,
      closed: true,
    });
  });

  test('any other page runs on one', async () => {
    expect(await resultOf('threads.html', {})).toEqual({
      threads: 1,
      isolated: false,
      shared: false,
      same: true,
      closed: true,
    });
  });
});
