import { describe, expect, test } from 'vitest';
import { difference, samples } from './samples.spec-kit.ts';
import { toWasm, type WasmExportOptions } from './to-wasm.ts';

interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly input: WebAssembly.Global<'i32'>;
  readonly output: WebAssembly.Global<'i32'>;
  predict(): void;
}

/** The function of a module. */
async function predictOf({ bytes, inputs, outputs }: Awaited<ReturnType<typeof toWasm>>, isWhole: boolean) {
  const { instance } = await WebAssembly.instantiate(bytes);
  const { memory, input, output, predict } = instance.exports as unknown as Exports;
  return (x: Float32Array | Int32Array): Float32Array | Int32Array => {
    if (x instanceof Int32Array) new Int32Array(memory.buffer, input.value, inputs).set(x);
    else new Float32Array(memory.buffer, input.value, inputs).set(x);
    predict();
    const made = isWhole ? Int32Array : Float32Array;
    return new made(memory.buffer, output.value, outputs).slice();
  };
}

const all = await samples();

describe('every layer and every scheme as WebAssembly gives what the library gives', () => {
  test.each(all)('$name', async ({ layer, options, input, expected }) => {
    const made = await toWasm(layer, options);
    expect(WebAssembly.Module.imports(new WebAssembly.Module(made.bytes))).toEqual([]);
    const predict = await predictOf(made, expected instanceof Int32Array);
    expect(difference(predict(input), expected)).toBeLessThan(1e-5);
    predict(input.map((x) => (options.dtype === 'i32' ? 0 : x + 1)));
    expect(difference(predict(input), expected)).toBeLessThan(1e-5);
  });
});

test('coded values and kernels of numbers give what values packed and kernels written out give', async () => {
  for (const { name, layer, options, input, expected } of all) {
    const of = async (own: Pick<WasmExportOptions, 'values' | 'code'>) => {
      const made = await toWasm(layer, { ...options, ...own, storeAs: 'i4' });
      return (await predictOf(made, expected instanceof Int32Array))(input);
    };
    const [coded, packed] = [await of({ values: 'coded', code: 'small' }), await of({ values: 'packed' })];
    expect(difference(coded, packed), name).toBeLessThan(1e-5);
  }
});
