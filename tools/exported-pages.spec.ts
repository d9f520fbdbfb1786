import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toJavaScript, toWasm } from '@funhash/export';
import { Conv2d, Dense, Flatten, hashedNet, MaxPool2d, Sequential } from '@funhash/layers';
import { describe, expect, test } from 'vitest';
import { hasChromium, inChromium } from './chromium.ts';

const input = [12, 12, 1];
const net = new Sequential([
  new Conv2d({ in: 1, out: 4, kernelSize: 3, activation: 'relu', seed: 1 }),
  new MaxPool2d({ kernelSize: 2 }),
  new Flatten(),
  new Dense({ in: 100, out: 10, weight: hashedNet({ ratio: 1 / 4 }), seed: 2 }),
]);
const image = Float32Array.from({ length: 144 }, (_, k) => Math.sin(k));
const imageText = 'Float32Array.from({ length: 144 }, (_, k) => Math.sin(k))';
const asked = { input, storeAs: 'i4', values: 'coded', code: 'small' } as const;

/** What a page of these files, under a policy, says: `result`, or the name of the error that it met. */
async function resultOf(
  files: Readonly<Record<string, string | Uint8Array>>,
  policy: string,
): Promise<unknown> {
  const types: Readonly<Record<string, string>> = {
    html: 'text/html',
    js: 'text/javascript',
    wasm: 'application/wasm',
  };
  const server = createServer(({ url = '/' }, response) => {
    const name = url === '/' ? 'index.html' : url.slice(1);
    const contents = files[name];
    if (contents === undefined) return void response.writeHead(404).end();
    const type = types[name.split('.').at(-1) as string] as string;
    response.writeHead(200, { 'Content-Type': type, 'Content-Security-Policy': policy }).end(contents);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  try {
    return await inChromium(async (tab) => {
      await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      await tab.waitForFunction('globalThis.result !== undefined');
      return tab.evaluate('globalThis.result');
    });
  } finally {
    await new Promise((closed) => server.close(closed));
  }
}

const page = '<!doctype html><script type="module" src="main.js"></script>';

const ofScript = async () => {
  const { script } = await toJavaScript(net, asked);
  const main = `import { predict } from './net.js'; globalThis.result = [...predict(${imageText})];`;
  return { 'index.html': page, 'net.js': script, 'main.js': main };
};

const ofModule = async () => {
  const { bytes } = await toWasm(net, asked);
  const main = `try {
  const { instance } = await WebAssembly.instantiateStreaming(fetch('net.wasm'));
  const { memory, input, output, predict } = instance.exports;
  new Float32Array(memory.buffer, input.value, 144).set(${imageText});
  predict();
  globalThis.result = [...new Float32Array(memory.buffer, output.value, 10)];
} catch (error) { globalThis.result = error.name; }`;
  return { 'index.html': page, 'net.wasm': bytes, 'main.js': main };
};

// Need Debian's chromium, or one named in CHROMIUM.
describe.skipIf(!hasChromium)('exported networks in Chromium', () => {
  // What Node makes of the same file is what the specs of the package hold to the library.
  const expected = async (): Promise<readonly number[]> => {
    const { script } = await toJavaScript(net, asked);
    const { predict } = await import(`data:text/javascript,${encodeURIComponent(script)}`);
    return [...predict(image)];
  };

  test("a page under default-src 'self' runs the script", async () => {
    const found = await resultOf(await ofScript(), "default-src 'self'");
    expect(found).toEqual(await expected());
  });

  test("a page with 'wasm-unsafe-eval' runs the module, one without it does not", async () => {
    const files = await ofModule();
    const policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
    const found = (await resultOf(files, policy)) as readonly number[];
    for (const [k, score] of (await expected()).entries()) expect(found[k]).toBeCloseTo(score, 4);
    expect(await resultOf(files, "default-src 'self'")).toBe('CompileError');
  });
});
