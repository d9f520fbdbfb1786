import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { toJavaScript, toOnnx, toWasm } from '@funhash/export';
import { random } from '@funhash/hashing';
import { hashedNet, type Module, scope, tensor } from '@funhash/layers';
import * as models from '@funhash/models';
import { expect, test } from 'vitest';

interface Runtime {
  readonly env: { readonly wasm: { numThreads: number }; logLevel: string };
  readonly InferenceSession: {
    create(
      bytes: Uint8Array,
      options: object,
    ): Promise<{
      run(feeds: object): Promise<{ readonly y: { readonly data: Float32Array } }>;
    }>;
  };
  readonly Tensor: new (type: string, data: Float32Array | Int32Array, shape: readonly number[]) => object;
}

const own = createRequire(new URL('../packages/export/package.json', import.meta.url));
const runtime = (await import(pathToFileURL(own.resolve('onnxruntime-web/wasm')).href)) as Runtime;
runtime.env.wasm.numThreads = 1;
runtime.env.logLevel = 'error';

const weight = hashedNet({ ratio: 1 / 4 });

/** Every model, narrow, by its name; and the shape of one input. */
const nets: Readonly<Record<string, readonly [make: () => Module, input: readonly number[]]>> = {
  bnnConvNet: [() => models.bnnConvNet({ channels: 2, hidden: [8] }), [3072]],
  bnnMlp: [() => models.bnnMlp({ input: 20, hidden: [9] }), [20]],
  denseNet: [() => models.denseNet({ depth: 7, growth: 3, weight }), [3072]],
  leNet5: [() => models.leNet5({ channels: [2, 3], hidden: [9], weight }), [784]],
  mlp: [() => models.mlp({ input: 20, hidden: [9], weight }), [20]],
  recurrentNet: [() => models.recurrentNet({ input: [6, 3], hidden: 5 }), [6, 3]],
  resNet: [() => models.resNet({ depth: 8, channels: 2, weight }), [3072]],
  smallConvNet: [() => models.smallConvNet({ channels: [2, 3, 4], weight }), [784]],
  vgg16: [() => models.vgg16({ channels: 2, weight }), [3072]],
  wideResNet: [() => models.wideResNet({ depth: 10, width: 1, weight }), [3072]],
};

test('every model is among them', () => {
  const makers = Object.entries(models).filter(([, value]) => typeof value === 'function');
  expect(Object.keys(nets).sort()).toEqual(makers.map(([name]) => name).sort());
});

test.each(Object.entries(nets))('%s as ONNX, a script and a module', async (_, [make, input]) => {
  const net = make();
  const count = input.reduce((product, extent) => product * extent, 1);
  const image = random(3).fillUniform(new Float32Array(count));
  const expected = scope(() => net.forward(tensor(image, [1, ...input])).dataSync());
  const largest = (found: ArrayLike<number>): number =>
    expected.reduce(
      (most: number, y, k) => Math.max(most, Math.abs(y - (found[k] as number)) / Math.max(1, Math.abs(y))),
      0,
    );
  const onnx = await toOnnx(net, { input });
  const session = await runtime.InferenceSession.create(onnx.bytes, { graphOptimizationLevel: 'basic' });
  expect(
    largest((await session.run({ x: new runtime.Tensor('float32', image, [1, ...input]) })).y.data),
  ).toBeLessThan(1e-4);
  const { script } = await toJavaScript(net, { input, form: 'script', code: 'small' });
  const context = createContext({ atob });
  runInContext(script, context);
  expect(largest(context.predict(image))).toBeLessThan(1e-5);
  const { bytes, outputs } = await toWasm(net, { input, code: 'small' });
  const { instance } = await WebAssembly.instantiate(bytes);
  const e = instance.exports as Record<'input' | 'output', WebAssembly.Global> & {
    memory: WebAssembly.Memory;
    predict(): void;
  };
  new Float32Array(e.memory.buffer, e.input.value, count).set(image);
  e.predict();
  expect(largest(new Float32Array(e.memory.buffer, e.output.value, outputs))).toBeLessThan(1e-5);
});
