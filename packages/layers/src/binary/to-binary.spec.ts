import { ModelFileError } from '@funhash/codec';
import { random } from '@funhash/hashing';
import { binary } from '@funhash/space';
import { currentBackend, memory, scope, type Tensor, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Activation } from '../activation.ts';
import { packedLayers, toBinary } from '../binary.ts';
import { Sequential } from '../containers/sequential.ts';
import { Dense } from '../dense.ts';
import { Flatten } from '../flatten.ts';
import { load } from '../model-file/load.ts';
import { loadOnly } from '../model-file/load-only.ts';
import type { Module } from '../module.ts';
import { BatchNorm } from '../normalization/batch-norm.ts';
import { Reshape } from '../reshape.ts';
import { Conv2d } from '../spatial/conv2d.ts';
import { MaxPool2d } from '../spatial/max-pool2d.ts';
import { binaryNet, imagesOf, unsettle } from './arbitrary-binary-net.spec-kit.ts';

const outputOf = (model: Module, x: Tensor): Float32Array =>
  scope(() => Float32Array.from(model.forward(x).dataSync()));

const typesOf = (model: Module): string[] =>
  (model as Sequential).layers.map(({ spec }) => spec.type).filter((type) => type !== 'flatten');

/** A multilayer perceptron as in the paper. */
function mlp(widths: readonly number[], seed = 3): Sequential {
  const layers = widths
    .slice(1)
    .flatMap((out, k) => [
      new Dense({ in: widths[k] as number, out, bias: false, weight: binary() }),
      new BatchNorm({ channels: out, ...(k < widths.length - 2 && { activation: 'sign' as const }) }),
    ]);
  const net = new Sequential([new Flatten(), new Activation('byte'), ...layers], { seed });
  unsettle(net, random(seed));
  return net;
}

function convNet(seed = 5): Sequential {
  const net = new Sequential(
    [
      new Reshape({ shape: [8, 8, 3] }),
      new Activation('byte'),
      new Conv2d({ in: 3, out: 40, kernelSize: 3, padding: 1, bias: false, weight: binary() }),
      new BatchNorm({ channels: 40, activation: 'sign' }),
      new Conv2d({ in: 40, out: 33, kernelSize: 3, padding: 1, bias: false, weight: binary() }),
      new MaxPool2d({ kernelSize: 2 }),
      new BatchNorm({ channels: 33, activation: 'sign' }),
      new Flatten(),
      new Dense({ in: 16 * 33, out: 10, bias: false, weight: binary() }),
      new BatchNorm({ channels: 10 }),
    ],
    { seed },
  );
  unsettle(net, random(seed));
  return net;
}

describe('laws', () => {
  test('outputs are those of the model, bit for bit, and those of the file', async () => {
    // What is packed, and how, does not depend on the backend: the slow one is spared most of the nets.
    const numRuns = currentBackend().name === 'reference' ? 40 : 150;
    await fc.assert(
      fc.asyncProperty(binaryNet, fc.integer({ min: 1, max: 20 }), async ({ input, make }, count) => {
        const net = make();
        const x = imagesOf(input, count, count);
        const expected = outputOf(net, x);
        const packed = await toBinary(net);
        expect(outputOf(packed, x)).toEqual(expected);
        const file = await packed.toBytes();
        const loaded = await load(file, { layers: packedLayers });
        expect(outputOf(loaded, x)).toEqual(expected);
        expect(await loaded.toBytes()).toEqual(file);
        expect(outputOf(net, x)).toEqual(expected);
      }),
      { seed: 20160209, numRuns },
    );
  });

  test('thresholds that sums meet, falling and constant channels: every sum of 5 signs', async () => {
    const layers = (channels: number) => [
      new Activation('sign'),
      new Dense({ in: 5, out: channels, bias: false, weight: binary() }),
      new BatchNorm({ channels, epsilon: 0, activation: 'sign' }),
      new Dense({ in: channels, out: channels, bias: false, weight: binary() }),
    ];
    const cases = [-6, -5, -3, -1, 0, 1, 3, 5, 6].flatMap((mean) =>
      [-1, 0, 1].flatMap((scale) => [0, 1e-30, -1e-30].map((shift) => ({ mean, scale, shift }))),
    );
    const net = new Sequential(layers(cases.length));
    const norm = net.layers[2] as BatchNorm;
    const values = new Map([...norm.namedParameters(), ...norm.namedBuffers()]);
    for (const name of ['mean', 'scale', 'shift'] as const)
      values.get(name)?.assign(tensor(cases.map((one) => one[name])));
    const x = tensor(
      Array.from({ length: 32 }, (_, bits) => [0, 1, 2, 3, 4].map((k) => ((bits >> k) & 1) - 0.5)),
    );
    expect(outputOf(await toBinary(net), x)).toEqual(outputOf(net, x));
  });
});

test('dense layers: bits alone between bytes and the last normalisation', async () => {
  const packed = await toBinary(mlp([784, 96, 64, 10]));
  expect(typesOf(packed)).toEqual(['activation', 'packedDense', 'packedDense', 'packedDense', 'batchNorm']);
  expect(packed.parameters()).toHaveLength(2);
});

test('convolutions and pooling: bits alone as well', async () => {
  const net = convNet();
  const packed = await toBinary(net);
  expect(typesOf(packed)).toEqual([
    'reshape',
    'activation',
    'packedConv2d',
    'packedConv2d',
    'maxPool2d',
    'packSigns',
    'packedDense',
    'batchNorm',
  ]);
  const x = imagesOf([8, 8, 3], 7, 1);
  expect(outputOf(packed, x)).toEqual(outputOf(net, x));
});

test('pooling behind normalisation stays there', async () => {
  const net = new Sequential([
    new Activation('byte'),
    new Conv2d({ in: 3, out: 40, kernelSize: 3, bias: false, weight: binary() }),
    new BatchNorm({ channels: 40 }),
    new MaxPool2d({ kernelSize: 2 }),
    new Conv2d({ in: 40, out: 9, kernelSize: 3, bias: false, weight: binary(), quantizeInput: 'sign' }),
  ]);
  unsettle(net, random(8));
  const x = imagesOf([8, 8, 3], 7, 1);
  expect(outputOf(await toBinary(net), x)).toEqual(outputOf(net, x));
});

test('a first and a last layer of other weights stay as they are', async () => {
  const net = new Sequential([
    new Dense({ in: 6, out: 40 }),
    new BatchNorm({ channels: 40 }),
    new Dense({ in: 40, out: 20, bias: false, weight: binary(), quantizeInput: 'sign' }),
    new BatchNorm({ channels: 20, activation: 'sign' }),
    new Dense({ in: 20, out: 3 }),
  ]);
  const packed = await toBinary(net);
  expect(typesOf(packed)).toEqual([
    'dense',
    'batchNorm',
    'activation',
    'packSigns',
    'packedDense',
    'batchNorm',
    'dense',
  ]);
  const x = imagesOf([6], 9, 2);
  expect(outputOf(packed, x)).toEqual(outputOf(net, x));
});

test('the file is at least 28 times smaller than that of f32, with 3 × 1024 hidden units', async () => {
  const net = mlp([784, 1024, 1024, 1024, 10]);
  const packed = await (await toBinary(net)).toBytes();
  expect((await net.toBytes()).length / packed.length).toBeGreaterThan(28);
});

test('only layers that are needed: loadOnly', async () => {
  const packed = await toBinary(mlp([12, 8, 3]));
  const file = await packed.toBytes();
  const { PackedDense } = packedLayers;
  const layers = { Activation, BatchNorm, Flatten, PackedDense, Sequential };
  const x = imagesOf([12], 4, 1);
  expect(outputOf(await loadOnly(file, { layers, schemes: {} }), x)).toEqual(outputOf(packed, x));
  await expect(load(file)).rejects.toThrow(/got "packedDense".*packedLayers/);
});

test('memory: latent values are gone, and inference leaves nothing behind', async () => {
  const net = convNet();
  const x = imagesOf([8, 8, 3], 2, 1);
  const before = memory();
  const packed = await toBinary(net);
  const kept = memory().bytes - before.bytes;
  expect(kept).toBeLessThan(8000);
  outputOf(packed, x);
  const after = memory();
  outputOf(packed, x);
  expect(memory()).toEqual(after);
});

describe('what is refused', () => {
  const refused = (net: Module) => expect(toBinary(net)).rejects;

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('a latent value of %s', async (value) => {
    const net = mlp([4, 3, 2]);
    net.parameters()[0]?.assign(tensor(new Float32Array(12).fill(value), [3, 4]));
    await refused(net).toThrow(/finite values in 2.weight.w, got (NaN|Infinity)/);
  });

  test('statistics that are not numbers', async () => {
    const net = mlp([4, 3, 2]);
    net
      .namedBuffers()
      .get('3.mean')
      ?.assign(tensor([0, Number.NaN, 0]));
    await refused(net).toThrow(/finite values in 3.mean/);
    net
      .namedBuffers()
      .get('3.mean')
      ?.assign(tensor([0, 0, 0]));
    net
      .namedBuffers()
      .get('3.variance')
      ?.assign(tensor([1, -1, 1]));
    await refused(net).toThrow(/normalisation that gives numbers.*channel 1/);
  });

  test('a model without weights of ±1, and such weights behind other values', async () => {
    await refused(new Sequential([new Dense({ in: 2, out: 2 })])).toThrow(/weight: binary\(\)/);
    await refused(new Sequential([])).toThrow(/got none/);
    await refused(new Sequential([new Dense({ in: 2, out: 2, weight: binary() })])).toThrow(
      /other values before dense 2 → 2.*byte/,
    );
  });
});

describe('hostile files', async () => {
  const { decodeModel, encodeModel } = await import('@funhash/codec');
  type Json = Parameters<typeof encodeModel>[0]['spec'];

  /** The file of a small packed net, changed. */
  async function changed(
    net: Module,
    change: (spec: { layers: Record<string, unknown>[] }, tensors: Record<string, Int32Array>) => void,
    shapes: Readonly<Record<string, readonly number[]>> = {},
  ): Promise<Uint8Array> {
    const { spec, tensors } = decodeModel(await (await toBinary(net)).toBytes());
    const copy = JSON.parse(JSON.stringify(spec));
    const data = Object.fromEntries([...tensors].map(([name, each]) => [name, each.data.slice()]));
    change(copy.model, data as Record<string, Int32Array>);
    return encodeModel({
      spec: copy as Json,
      tensors: Object.fromEntries(
        Object.entries(data).map(([name, each]) => [
          name,
          { shape: shapes[name] ?? tensors.get(name)?.shape ?? [each.length], data: each },
        ]),
      ),
    });
  }

  const refusal = async (file: Promise<Uint8Array>, text: RegExp): Promise<void> => {
    const loading = load(await file, { layers: packedLayers });
    await expect(loading).rejects.toThrow(ModelFileError);
    await expect(loading).rejects.toThrow(text);
  };
  const net = (): Sequential => mlp([20, 40, 3]);

  test('the file that they start from is good', async () => {
    expect(await load(await changed(net(), () => {}), { layers: packedLayers })).toBeInstanceOf(Sequential);
  });

  test('another number of bits', async () => {
    const words = (count: number, shape: readonly number[]) =>
      changed(net(), (_, tensors) => void Object.assign(tensors, { '2.words': new Int32Array(count) }), {
        '2.words': shape,
      });
    await refusal(words(39, [39, 1]), /integers words \[40, 1\] in layer 2, got \["I32",\[39,1\]\]/);
    await refusal(words(80, [40, 2]), /integers words/);
    const wider = changed(net(), ({ layers }) => Object.assign(layers[2] ?? {}, { in: 33, channels: 33 }));
    await refusal(wider, /integers words \[40, 2\]/);
    const missing = changed(net(), (_, tensors) => void delete tensors['2.words']);
    await refusal(missing, /integers words/);
  });

  test('bits behind the last', async () => {
    const set = (name: string, at: number, word: number) =>
      changed(net(), (_, tensors) => void tensors[name]?.set([word], at));
    await refusal(
      set('2.words', 7, 1 << 20),
      /words of 20 bits in 1 words, the bits behind them 0 in layer 2/,
    );
    await refusal(set('3.words', 3, 1 << 8), /words of 40 bits in 2 words/);
    await refusal(set('2.below', 1, 256), /below of 40 bits/);
  });

  test('thresholds that no sum could have, or that are no integers', async () => {
    const set = (value: number) => changed(net(), (_, tensors) => void tensors['2.least']?.set([value], 39));
    await refusal(set(20 * 255 + 1), /least sums from -5100 to 5100 in layer 2, got 5101/);
    await refusal(set(-(2 ** 31)), /got -2147483648/);
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 0])
      await refusal(
        changed(net(), (_, tensors) =>
          Object.assign(tensors, { '2.least': new Float32Array(40).fill(value) }),
        ),
        /integers least \[40\] in layer 2, got \["F32"/,
      );
  });

  test('descriptions that do not fit', async () => {
    const described = (fields: object, at = 2) =>
      changed(net(), ({ layers }) => void Object.assign(layers[at] as object, fields));
    await refusal(described({ input: 'real' }), /an input among signs, bytes/);
    await refusal(described({ input: '__proto__' }), /an input among/);
    await refusal(described({ thresholds: 1 }), /true or false as thresholds/);
    await refusal(described({ thresholds: false }), /only values that belong to a layer/);
    await refusal(described({ channels: 7 }), /channels that divide the inputs in layer 2, got 7 of 20/);
    await refusal(described({ out: 2 ** 32 - 1, in: 2 ** 32 - 1, channels: 2 ** 32 - 1 }), /integers words/);
    const conv = (fields: object) =>
      changed(convNet(), ({ layers }) => void Object.assign(layers[2] as object, fields));
    await refusal(conv({ kernelSize: 4 }), /integers words/);
    await refusal(conv({ kernelSize: 2 ** 31 }), /integers words/);
    await refusal(conv({ kernelSize: 0 }), /kernelSize: a whole number ≥ 1/);
  });

  test('sums that are no exact f32', async () => {
    const depth = 2 ** 16 + 1;
    await expect(toBinary(mlp([depth, 1, 2]))).rejects.toThrow(/sums of at most 65536 bytes, got 65537/);
  });
});
