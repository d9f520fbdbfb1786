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

describe.skipIf(!hasChromium)('content security policies in Chromium', () => {
  const policy = (text: string) => ({ ...isolated, 'Content-Security-Policy': text });

  test('a page that may compile WebAssembly and start workers has both', async () => {
    const result = resultOf('policy.html', policy("script-src 'self' 'wasm-unsafe-eval'; worker-src blob:"));
    expect(await result).toEqual({ backend: 'wasm', warned: [], chosen: 2 });
  });

  test('without wasm-unsafe-eval the console says once what to add, and an explicit choice throws it', async () => {
    const advice = /Add 'wasm-unsafe-eval' to script-src in the page's header Content-Security-Policy/;
    expect(await resultOf('policy.html', policy("script-src 'self'"))).toEqual({
      backend: 'reference',
      warned: [expect.stringMatching(advice)],
      chosen: expect.stringMatching(advice),
    });
  });

  test('where workers are refused, the backend says that it runs on one thread', async () => {
    const result = resultOf('policy.html', policy("script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'"));
    expect(await result).toEqual({ backend: 'wasm', warned: [], chosen: 1 });
  });
});
