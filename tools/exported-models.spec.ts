import { createContext, runInContext } from 'node:vm';
import { toJavaScript, toOnnx, toWasm } from '@funhash/export';
import { random } from '@funhash/hashing';
import { Dense, hashedNet, type Module, robe, scope, tensor } from '@funhash/layers';
import * as models from '@funhash/models';
import { describe, expect, test } from 'vitest';
import { difference, samples } from '../packages/export/src/samples.spec-kit.ts';
import { onnxNode, onnxOutput, onnxWeb } from './onnx-runtimes.ts';

const web = await onnxWeb();
const node = await onnxNode();

const weight = hashedNet({ ratio: 1 / 4 });

/** Every model, narrow, by its name; and the shape of one input. */
const nets: Readonly<Record<string, readonly [make: () => Module, input: readonly number[]]>> = {
  bnnConvNet: [() => models.bnnConvNet({ channels: 2, hidden: [8] }), [3072]],
  bnnMlp: [() => models.bnnMlp({ input: 20, hidden: [9] }), [20]],
  deepConvNet: [() => models.deepConvNet({ channels: [3, 4, 4], weight }), [784]],
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

describe.each(Object.entries(nets))('%s', (_, [make, input]) => {
  const net = make();
  const count = input.reduce((product, extent) => product * extent, 1);
  const image = random(3).fillUniform(new Float32Array(count));
  const expected = scope(() => net.forward(tensor(image, [1, ...input])).dataSync());

  test('as ONNX, in onnxruntime-web', async () => {
    const { bytes } = await toOnnx(net, { input });
    expect(difference(await onnxOutput(web, bytes, image, [1, ...input]), expected)).toBeLessThan(1e-4);
  });

  test.skipIf(!node)('as ONNX, decoded and dense, in onnxruntime-node', async () => {
    for (const weights of ['decoded', 'dense'] as const) {
      const { bytes } = await toOnnx(net, { input, weights });
      const found = await onnxOutput(node as typeof web, bytes, image, [1, ...input]);
      expect(difference(found, expected), weights).toBeLessThan(weights === 'dense' ? 1e-5 : 1e-4);
    }
  });

  test('as ONNX for any number of inputs, decoded at once and block by block', async () => {
    const whole = await toOnnx(net, { input, batch: 'any' });
    const scan = await toOnnx(net, { input, batch: 'any', memory: 'scan' });
    for (const rows of [1, 7, 64]) {
      const images = random(rows).fillUniform(new Float32Array(rows * count));
      const expected = scope(() => net.forward(tensor(images, [rows, ...input])).dataSync());
      for (const { bytes } of rows === 7 ? [whole, scan] : [whole])
        expect(
          difference(await onnxOutput(node ?? web, bytes, images, [rows, ...input]), expected),
          `${rows}`,
        ).toBeLessThan(1e-4);
    }
  });

  test('as a script and a module', async () => {
    const { script } = await toJavaScript(net, { input, form: 'script', code: 'small' });
    const context = createContext({ atob });
    runInContext(script, context);
    expect(difference(context.predict(image), expected)).toBeLessThan(1e-5);
    const { bytes, outputs } = await toWasm(net, { input, code: 'small' });
    const { instance } = await WebAssembly.instantiate(bytes);
    const e = instance.exports as Record<'input' | 'output', WebAssembly.Global> & {
      memory: WebAssembly.Memory;
      predict(): void;
    };
    new Float32Array(e.memory.buffer, e.input.value, count).set(image);
    e.predict();
    expect(difference(new Float32Array(e.memory.buffer, e.output.value, outputs), expected)).toBeLessThan(
      1e-5,
    );
  });
});

// onnxruntime-web runs these in packages/export/src/to-onnx.spec.ts.
describe.skipIf(!node)('every layer and every scheme in onnxruntime-node', async () => {
  const all = (await samples()).filter(({ name }) => name !== 'packed signs');
  test.each(['decoded', 'dense'] as const)('%s', async (weights) => {
    for (const { name, layer, options, input, expected } of all) {
      const { bytes } = await toOnnx(layer, { ...options, weights });
      const found = await onnxOutput(node as typeof web, bytes, input, [options.batch, ...options.input]);
      expect(difference(found, expected), name).toBeLessThan(weights === 'dense' ? 1e-5 : 1e-4);
    }
  });

  test.each([
    ['hashedNet', hashedNet({ ratio: 1 / 8 })],
    ['robe', robe({ ratio: 1 / 8, block: 4 })],
  ])('%s is decoded to the same bits', async (_, weight) => {
    const layer = new Dense({ in: 40, out: 30, bias: false, weight, seed: 5 });
    const { bytes } = await toOnnx(layer, { input: [40], batch: 40 });
    const unit = Float32Array.from({ length: 1600 }, (_, k) => (k % 41 === 0 ? 1 : 0));
    const found = await onnxOutput(node as typeof web, bytes, unit, [40, 40]);
    const decoded = scope(() => layer.weight.decode().dataSync());
    const columns = Array.from({ length: 1200 }, (_, k) => found[(k % 40) * 30 + Math.floor(k / 40)]);
    expect(columns).toEqual([...decoded]);
  });
});
