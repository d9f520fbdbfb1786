import { afterEach, expect, test, vi } from 'vitest';

const compile = WebAssembly.Module;

/** The backend of the first tensor after a layer was built, in a program that chose none. */
async function backendName(): Promise<string> {
  vi.resetModules();
  const { Dense, tensor } = await import('./index.ts');
  new Dense({ in: 1, out: 1 });
  return tensor([1]).backend.name;
}

afterEach(() => {
  vi.unstubAllGlobals();
  WebAssembly.Module = compile;
});

function compilingThrows(error: Error): void {
  WebAssembly.Module = class {
    constructor() {
      throw error;
    }
  } as unknown as typeof compile;
}

test('networks run on wasm', async () => {
  expect(await backendName()).toBe('wasm');
});

test('where there is no WebAssembly, or it may not compile, on the reference, and the console says why', async () => {
  const told = vi.spyOn(console, 'warn').mockImplementation(() => {});
  vi.stubGlobal('WebAssembly', undefined);
  expect(await backendName()).toBe('reference');
  vi.unstubAllGlobals();
  compilingThrows(new WebAssembly.CompileError('disallowed by embedder'));
  expect(await backendName()).toBe('reference');
  expect(told.mock.calls.map(([text]) => text)).toEqual([
    expect.stringMatching(/slower.*SIMD/),
    expect.stringMatching(/slower.*disallowed by embedder.*Add 'wasm-unsafe-eval' to script-src/),
  ]);
});

test('any other failure is no reason to be slow in silence', async () => {
  compilingThrows(new TypeError('a defect'));
  await expect(backendName()).rejects.toThrow('a defect');
});

test('the backend that a network started is the one of its name', async () => {
  vi.resetModules();
  const { Dense, tensor, useBackend } = await import('./index.ts');
  const net = new Dense({ in: 2, out: 1 });
  const { backend } = tensor([1]);
  expect(await useBackend('wasm')).toBe(backend);
  expect(net.forward(tensor([[1, 2]])).shape).toEqual([1, 1]);
});

test('the same name and options give the same backend, until it is closed', async () => {
  vi.resetModules();
  const { useBackend } = await import('./index.ts');
  const one = await useBackend('wasm');
  const two = await useBackend('wasm', { threads: 2 });
  expect(two).not.toBe(one);
  expect(await useBackend('wasm')).toBe(one);
  expect(await useBackend('wasm', { threads: 2, strict: true })).toBe(two);
  two.close();
  const later = await useBackend('wasm', { threads: 2 });
  expect(later).not.toBe(two);
  later.close();
});
