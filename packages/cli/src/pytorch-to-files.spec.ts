import { readFileSync } from 'node:fs';
import { createContext, runInContext } from 'node:vm';
import { toC, toJavaScript, toOnnx, toWasm } from '@funhash/export';
import { random } from '@funhash/hashing';
import { importOnnx } from '@funhash/import';
import {
  Conv2d,
  compress,
  Dense,
  Flatten,
  hashedNet,
  MaxPool2d,
  type Module,
  Sequential,
  scope,
  tensor,
} from '@funhash/layers';
import { contiguousStrides, sizeOf } from '@funhash/tensor';
import { adam, fit, meanSquaredError } from '@funhash/training';
import { describe, expect, test } from 'vitest';

// What docs/export.md tells under "From PyTorch", with the small networks that PyTorch 1.13 exported for the specs of import.

interface Values {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const cases: Readonly<Record<string, { readonly free: string; readonly x: Values; readonly y: Values }>> =
  JSON.parse(
    readFileSync(new URL('../../import/src/pytorch-exports.fixtures.json', import.meta.url), 'utf8'),
  );

const imported = (text: string) => importOnnx(new Uint8Array(Buffer.from(text, 'base64')));

/** Values whose axis k is axis order[k] of those given. */
function ordered({ shape, data }: Values, order: readonly number[]): Values {
  const strides = contiguousStrides(shape);
  const own = order.map((axis) => shape[axis] as number);
  const values = data.map((_, index) => {
    let [rest, at] = [index, 0];
    for (let axis = own.length - 1; axis >= 0; axis--) {
      at += (rest % (own[axis] as number)) * (strides[order[axis] as number] as number);
      rest = Math.floor(rest / (own[axis] as number));
    }
    return data[at] as number;
  });
  return { shape: own, data: values };
}

const largest = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((most, x, k) => Math.max(most, Math.abs(x - (b[k] as number))), 0);

async function byScript(net: Module, input: readonly number[], dtype: 'f32' | 'i32', x: readonly number[]) {
  const [batch = 1, ...one] = input;
  const { script } = await toJavaScript(net, { input: one, batch, dtype, form: 'script' });
  const context = createContext({ atob });
  runInContext(script, context);
  return context.predict(x) as Float32Array;
}

async function byModule(net: Module, input: readonly number[], dtype: 'f32' | 'i32', x: readonly number[]) {
  const [batch = 1, ...one] = input;
  const { bytes, outputs } = await toWasm(net, { input: one, batch, dtype });
  const { instance } = await WebAssembly.instantiate(bytes);
  const e = instance.exports as Record<'input' | 'output', WebAssembly.Global> & {
    memory: WebAssembly.Memory;
    predict(): void;
  };
  const numbers = dtype === 'i32' ? Int32Array : Float32Array;
  new numbers(e.memory.buffer, e.input.value, x.length).set(x);
  e.predict();
  return new Float32Array(e.memory.buffer, e.output.value, outputs).slice();
}

describe.each(Object.entries(cases))('%s of PyTorch', (name, { free, x, y }) => {
  test('as a script and as a module it gives what PyTorch gave', async () => {
    const { network, input, output } = imported(free);
    const dtype = name === 'words' ? 'i32' : 'f32';
    const [own, expected] = [ordered(x, input.order), ordered(y, output.order)];
    expect(largest(await byScript(network, own.shape, dtype, own.data), expected.data)).toBeLessThan(1e-5);
    expect(largest(await byModule(network, own.shape, dtype, own.data), expected.data)).toBeLessThan(1e-5);
  });
});

test('LeNet-5 of PyTorch, hashed to 1/16, tuned, in four forms', async () => {
  const { network } = imported((cases.lenet5 as (typeof cases)[string]).free);
  const { model } = await compress(network, { weight: hashedNet({ ratio: 1 / 16 }) });
  const input = [20, 20, 1];
  const source = random(1);
  const inputs = Float32Array.from({ length: 8 * 400 }, () => source.normal());
  const x = (): ReturnType<typeof tensor> => tensor(inputs, [8, ...input]);
  const targets = scope(() => network.forward(x()).dataSync());
  const distance = (): number =>
    largest(
      scope(() => model.forward(x()).dataSync()),
      targets,
    );
  const before = distance();
  // What stands here in place of training images: the outputs of the original.
  const width = targets.length / 8;
  const rowsOf = (values: ArrayLike<number>, count: number): number[][] =>
    Array.from({ length: 8 }, (_, row) =>
      Array.from({ length: count }, (_, k) => values[row * count + k] as number),
    );
  const data = { inputs, inputShape: input, targets: rowsOf(targets, width) };
  const config = { model, data, epochs: 40, loss: meanSquaredError, seed: 1 };
  for await (const _ of fit({ ...config, optimizer: adam({ learningRate: 0.01 }) }));
  expect(distance()).toBeLessThan(before);
  const one = [...inputs.slice(0, 400)];
  const expected = scope(() => model.forward(tensor(one, [1, ...input])).dataSync());
  expect(largest(await byScript(model, [1, ...input], 'f32', one), expected)).toBeLessThan(1e-5);
  expect(largest(await byModule(model, [1, ...input], 'f32', one), expected)).toBeLessThan(1e-5);
  const asked = { input, storeAs: 'i8' } as const;
  const sizes = {
    js: (await toJavaScript(model, asked)).script.length,
    wasm: (await toWasm(model, asked)).bytes.length,
    cConstants: (await toC(model, asked)).constantBytes,
    onnx: (await toOnnx(model, asked)).bytes.length,
  };
  const dense = (await toOnnx(network, { input })).bytes.length;
  for (const [form, bytes] of Object.entries(sizes)) expect(bytes, form).toBeGreaterThan(0);
  expect(sizes.cConstants).toBeLessThan(dense / 8);
});

test.each<[string, Module, number[]]>([
  ['dense', new Dense({ in: 6, out: 9, activation: 'relu', seed: 1 }), [6]],
  [
    'images',
    new Sequential([
      new Conv2d({ in: 1, out: 4, kernelSize: 3, activation: 'relu', seed: 1 }),
      new MaxPool2d({ kernelSize: 2 }),
      new Flatten(),
      new Dense({ in: 100, out: 5, seed: 2 }),
    ]),
    [12, 12, 1],
  ],
])('ONNX of a free batch comes back: %s', async (_, net, input) => {
  const { network } = importOnnx((await toOnnx(net, { input, batch: 'any' })).bytes);
  for (const rows of [1, 4]) {
    const shape = [rows, ...input];
    const x = Float32Array.from({ length: sizeOf(shape) }, (_, k) => Math.sin(k));
    const [found, expected] = [network, net].map((each) =>
      scope(() => each.forward(tensor(x, shape)).dataSync()),
    ) as [Float32Array, Float32Array];
    expect(largest(found, expected)).toBeLessThan(1e-5);
  }
});
