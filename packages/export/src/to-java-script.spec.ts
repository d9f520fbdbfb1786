import { createContext, runInContext, runInNewContext } from 'node:vm';
import { Activation, BatchNorm, binary, Dense, Embedding, LSTM, Sequential, tensor } from '@funhash/layers';
import { toBinary } from '@funhash/layers/binary';
import { describe, expect, test } from 'vitest';
import { difference, samples } from './samples.spec-kit.ts';
import { type JavaScriptOptions, toJavaScript } from './to-java-script.ts';

/** The function of a script, in a realm that has nothing but the language and atob. */
function predictOf(script: string): (input: ArrayLike<number>) => ArrayLike<number> {
  const context = createContext({ atob }, { codeGeneration: { strings: false, wasm: false } });
  runInContext(`'use strict';${script}`, context);
  return context.predict;
}

const all = await samples();

describe('every layer and every scheme as a script gives what the library gives', () => {
  test.each(all)('$name', async ({ layer, options, input, expected }) => {
    const { script } = await toJavaScript(layer, { ...options, form: 'script' });
    const predict = predictOf(script);
    expect(difference(predict(input), expected), script).toBeLessThan(1e-5);
    // What is in memory from one input to the next changes nothing.
    predict(input.map((x) => (options.dtype === 'i32' ? 0 : x + 1)));
    expect(difference(predict(input), expected)).toBeLessThan(1e-5);
  });
});

test('coded values and kernels of numbers give what values packed and kernels written out give', async () => {
  for (const { name, layer, options, input } of all) {
    const of = async (own: Pick<JavaScriptOptions, 'values' | 'code'>) =>
      predictOf((await toJavaScript(layer, { ...options, ...own, storeAs: 'i4', form: 'script' })).script)(
        input,
      );
    const [coded, packed] = [await of({ values: 'coded', code: 'small' }), await of({ values: 'packed' })];
    expect(difference(coded, packed), name).toBeLessThan(1e-5);
  }
});

test('equal networks give equal files, and a module is one without imports', async () => {
  const of = (seed: number) =>
    toJavaScript(new Dense({ in: 3, out: 2, seed }), { input: [3], storeAs: 'i4' });
  const { script, types } = await of(1);
  expect((await of(1)).script).toBe(script);
  expect((await of(2)).script).not.toBe(script);
  expect(script).toMatch(/export function predict\(x\)/);
  expect(script).not.toMatch(/import|require|eval|Function\(/);
  expect(types).toContain('export declare function predict(input: ArrayLike<number>): Float32Array;');
});

test('values that are multiples of a step are written as codes, to the bit', async () => {
  const layer = new Dense({ in: 40, out: 5, bias: false, seed: 1 });
  const step = 0.0371;
  const values = Float32Array.from({ length: 200 }, (_, k) => ((k % 61) - 30) * step);
  layer.weight.parameters[0]?.assign(tensor(values, [5, 40]));
  const { script } = await toJavaScript(layer, { input: [40], form: 'script' });
  expect(script).not.toContain('atob');
  const one = Float32Array.from({ length: 40 }, (_, k) => (k === 7 ? 1 : 0));
  expect([...(predictOf(script)(one) as Float32Array)]).toEqual([7, 47, 87, 127, 167].map((k) => values[k]));
});

test('a part of steps of a recurrent network is written once', async () => {
  const sizeOf = async (steps: number) =>
    (await toJavaScript(new LSTM({ in: 3, hiddenSize: 4, seed: 1 }), { input: [steps, 3] })).script.length;
  const [short, long] = [await sizeOf(8), await sizeOf(16)];
  expect(long - short).toBeLessThan(8 * 80);
});

test('wrong inputs, options and models are refused by their name', async () => {
  const layer = new Dense({ in: 3, out: 2 });
  await expect(toJavaScript(layer)).rejects.toThrow('the shape of one input');
  await expect(toJavaScript(layer, { input: [4] })).rejects.toThrow('Dense');
  await expect(toJavaScript(layer, { inputs: [3] } as never)).rejects.toThrow('input');
  await expect(toJavaScript({} as never)).rejects.toThrow('toJavaScript');
  const { script } = await toJavaScript(layer, { input: [3], form: 'script', name: 'classify' });
  expect(() => runInNewContext(`${script};classify([1, 2])`, { atob })).toThrow(
    'classify takes 3 numbers, not 2',
  );
});

test('a packed binary network is exported before its first use, 5.4 characters for 32 signs', async () => {
  const weight = binary();
  const net = await toBinary(
    new Sequential([
      new Activation('sign'),
      new Dense({ in: 320, out: 100, weight, bias: false, seed: 1 }),
      new BatchNorm({ channels: 100 }),
      new Activation('sign'),
      new Dense({ in: 100, out: 4, weight, bias: false, seed: 2 }),
    ]),
  );
  const { script } = await toJavaScript(net, { input: [320], form: 'script' });
  expect(script.length).toBeLessThan((5.4 * 320 * 100) / 32 + 4000);
  const one = Float32Array.from({ length: 320 }, (_, k) => Math.sin(k));
  const expected = net.forward(tensor(one, [1, 320])).dataSync();
  expect(difference(predictOf(script)(one), expected)).toBe(0);
});

test('a word without a row is refused with the words that there are', async () => {
  const layer = new Embedding({ in: 7, out: 2, seed: 1 });
  const { script } = await toJavaScript(layer, { input: [1], dtype: 'i32', form: 'script' });
  expect(() => predictOf(script)([7])).toThrow('a word is 0 to 6, not 7');
});
