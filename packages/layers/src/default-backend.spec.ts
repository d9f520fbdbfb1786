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

test('where there is no WebAssembly, or it may not compile, on the reference', async () => {
  vi.stubGlobal('WebAssembly', undefined);
  expect(await backendName()).toBe('reference');
  vi.unstubAllGlobals();
  compilingThrows(new WebAssembly.CompileError('disallowed by embedder'));
  expect(await backendName()).toBe('reference');
});

test('any other failure is no reason to be slow in silence', async () => {
  compilingThrows(new TypeError('a defect'));
  await expect(backendName()).rejects.toThrow('a defect');
});
