import { Dense, hashedNet, scope } from '@funhash/layers';
import { env, InferenceSession, Tensor } from 'onnxruntime-web/wasm';
import { describe, expect, test } from 'vitest';
import { ExportError } from './export-error.ts';
import { difference, samples } from './samples.spec-kit.ts';
import { type OnnxOptions, toOnnx } from './to-onnx.ts';

env.wasm.numThreads = 1;
env.logLevel = 'error';

async function run(bytes: Uint8Array, input: Float32Array | Int32Array, shape: readonly number[]) {
  const session = await InferenceSession.create(bytes, { graphOptimizationLevel: 'basic' });
  const type = input instanceof Float32Array ? 'float32' : 'int32';
  const { y } = await session.run({ x: new Tensor(type, input, shape) });
  const found = y?.data as Float32Array;
  await session.release();
  return found;
}

const all = await samples();

describe.each(['decoded', 'dense'] as const)(
  'every layer and every scheme as ONNX, weights %s',
  (weights) => {
    test.each(all)('$name', async ({ name, layer, options, input, expected }) => {
      const made = toOnnx(layer, { ...options, weights });
      if (name === 'packed signs') return expect(made).rejects.toThrow(ExportError);
      const { bytes } = await made;
      const found = await run(bytes, input, [options.batch, ...options.input]);
      expect(difference(found, expected)).toBeLessThan(weights === 'dense' ? 1e-5 : 1e-4);
    });
  },
);

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

test('hashed values and codes are what is in the file', async () => {
  const weight = hashedNet({ ratio: 1 / 64 });
  const net = new Dense({ in: 784, out: 100, weight, seed: 5 });
  const sizeOf = async (options: OnnxOptions) =>
    (await toOnnx(net, { input: [784], ...options })).bytes.length;
  expect(await sizeOf({ weights: 'dense' })).toBeGreaterThan(4 * 78_400);
  expect(await sizeOf({})).toBeLessThan(4 * 1225 + 3000);
  expect(await sizeOf({ storeAs: 'i8' })).toBeLessThan(1225 + 3000);
});
