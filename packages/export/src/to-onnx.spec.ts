import { random } from '@funhash/hashing';
import { add, Dense, hashedNet, scope, stack, type Tensor, tensor, unstack } from '@funhash/layers';
import { sizeOf } from '@funhash/tensor';
import { env, InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-web/wasm';
import { describe, expect, test } from 'vitest';
import { ExportError } from './export-error.ts';
import { difference, samples } from './samples.spec-kit.ts';
import { type OnnxOptions, toOnnx } from './to-onnx.ts';

env.wasm.numThreads = 1;
env.logLevel = 'error';

async function run(bytes: Uint8Array, input: Float32Array | Int32Array, shape: readonly number[]) {
  const session = await InferenceSession.create(bytes, { graphOptimizationLevel: 'basic' });
  const type = input instanceof Float32Array ? 'float32' : 'int32';
  const { y } = await session.run({ x: new OnnxTensor(type, input, shape) });
  const found = y?.data as Float32Array;
  await session.release();
  return found;
}

const all = await samples();

describe.each<[OnnxOptions, number]>([
  [{ weights: 'decoded' }, 1e-4],
  [{ weights: 'dense' }, 1e-5],
  [{ memory: 'scan' }, 1e-4],
])('every layer and every scheme as ONNX, %j', (how, most) => {
  test.each(all)('$name', async ({ name, layer, options, input, expected }) => {
    const made = toOnnx(layer, { ...options, ...how });
    if (name === 'packed signs') return expect(made).rejects.toThrow(ExportError);
    const { bytes } = await made;
    const found = await run(bytes, input, [options.batch, ...options.input]);
    expect(difference(found, expected)).toBeLessThan(most);
  });
});

test.each(all.filter(({ name }) => name !== 'packed signs'))(
  '$name for any number of inputs',
  async ({ layer, options: { batch: _, ...options } }) => {
    const { bytes, inputs } = await toOnnx(layer, { ...options, batch: 'any' });
    expect(inputs).toBe(sizeOf(options.input));
    const session = await InferenceSession.create(bytes, { graphOptimizationLevel: 'basic' });
    const source = random(5);
    for (const count of [1, 5]) {
      const shape = [count, ...options.input];
      const input =
        options.dtype === 'i32'
          ? Int32Array.from({ length: sizeOf(shape) }, () => source.integer(3))
          : Float32Array.from({ length: sizeOf(shape) }, () => source.normal());
      const expected = scope(() => layer.forward(tensor(input, shape, { dtype: options.dtype })).dataSync());
      const type = options.dtype === 'i32' ? 'int32' : 'float32';
      const { y } = await session.run({ x: new OnnxTensor(type, input, shape) });
      expect(difference(y?.data as Float32Array, expected), `${count}`).toBeLessThan(1e-4);
    }
    await session.release();
  },
);

test('decoded block by block, a matrix gives what it gives decoded at once, and has the last rows', async () => {
  const weight = hashedNet({ ratio: 1 / 64 });
  const net = new Dense({ in: 1024, out: 131, weight, activation: 'tanh', seed: 5 });
  const input = random(1).fillUniform(new Float32Array(1024), -1, 1);
  const of = async (memory: 'folded' | 'scan') =>
    run((await toOnnx(net, { input: [1024], memory })).bytes, input, [1, 1024]);
  const [folded, scan] = [await of('folded'), await of('scan')];
  expect(difference(scan, folded)).toBeLessThan(1e-5);
  await expect(toOnnx(net, { input: [1024], memory: 'scan', weights: 'dense' })).rejects.toThrow(
    'dense file',
  );
});

test('what is done input by input cannot be done to any number of them', async () => {
  const running = {
    namedParameters: () => new Map<string, never>(),
    forward: (x: Tensor) => {
      const rows = unstack(x);
      return stack(rows.map((_, k) => rows.slice(0, k + 1).reduce((sum, row) => add(sum, row))));
    },
  };
  expect((await toOnnx(running, { input: [3], batch: 4 })).outputs).toBe(12);
  await expect(toOnnx(running, { input: [3], batch: 'any' })).rejects.toThrow('any number of inputs');
});

test('a matrix of hashed values is decoded to the same bits', async () => {
  const layer = new Dense({ in: 40, out: 30, bias: false, weight: hashedNet({ ratio: 1 / 8 }), seed: 5 });
  const { bytes } = await toOnnx(layer, { input: [40], batch: 40 });
  const unit = Float32Array.from({ length: 1600 }, (_, k) => (k % 41 === 0 ? 1 : 0));
  const found = await run(bytes, unit, [40, 40]);
  const decoded = scope(() => layer.weight.decode().dataSync());
  expect(Array.from({ length: 1200 }, (_, k) => found[(k % 40) * 30 + Math.floor(k / 40)])).toEqual([
    ...decoded,
  ]);
});

test.each([
  [-8, 7, true],
  [-9, 6, true],
  [0, 15, true],
  [-15, 0, true],
  [-16, -1, false],
  [-9, 7, false],
])('levels from %i to %i take four bits: %s, and are what they were', async (least, greatest, isHalf) => {
  const layer = new Dense({ in: 60, out: 40 });
  const draw = random(7);
  const levels = Float32Array.from({ length: 2400 }, (_, k) =>
    k === 0 ? least : k === 1 ? greatest : least + draw.integer(greatest - least + 1),
  );
  const weight = layer.namedParameters().get('weight.w') ?? expect.fail('no weight');
  scope(() =>
    weight.assign(
      tensor(
        levels.map((level) => level * 0.0625),
        [40, 60],
      ),
    ),
  );
  const { bytes } = await toOnnx(layer, { input: [60] });
  expect(bytes.length < 1200 + 700).toBe(isHalf);
  const input = Float32Array.from({ length: 60 }, (_, k) => (k % 9) - 4);
  const expected = scope(() => layer.forward(tensor(input, [1, 60])).dataSync());
  expect(await run(bytes, input, [1, 60])).toEqual(expected);
});

test('hashed values and codes are what is in the file', async () => {
  const weight = hashedNet({ ratio: 1 / 64 });
  const net = new Dense({ in: 784, out: 100, weight, seed: 5 });
  const sizeOf = async (options: OnnxOptions) =>
    (await toOnnx(net, { input: [784], ...options })).bytes.length;
  expect(await sizeOf({ weights: 'dense' })).toBeGreaterThan(4 * 78_400);
  expect(await sizeOf({})).toBeLessThan(4 * 1225 + 3000);
  expect(await sizeOf({ storeAs: 'i8' })).toBeLessThan(1225 + 3000);
});
