import { gradientsOf, multiply, sum } from '@funhash/autodiff';
import { ArgumentError } from '@funhash/hashing';
import {
  dense,
  freshNet,
  funHash,
  hashedNet,
  lowRank,
  SharedSpace,
  tiles,
  type WeightRequest,
} from '@funhash/space';
import { ShapeError, type Tensor, tensor, zeros } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { Sequential } from '../containers/sequential.ts';
import * as layerClasses from '../layer-classes.ts';
import {
  AveragePool2d,
  Conv1d,
  Conv2d,
  ConvTranspose2d,
  DepthwiseConv2d,
  MaxPool2d,
  Upsample,
} from '../layer-classes.ts';
import { load } from '../model-file/load.ts';
import type { Module } from '../module.ts';
import fixtures from './convolution.fixtures.json' with { type: 'json' };

type Case = (typeof fixtures)[number];

const closeTo = (actual: Tensor | undefined, expected: readonly number[] | undefined): void => {
  const values = (actual as Tensor).dataSync();
  const wanted = expected as readonly number[];
  expect(values).toHaveLength(wanted.length);
  const size = Math.max(1, ...wanted.map(Math.abs));
  wanted.forEach((each, k) => {
    expect(Math.abs((values[k] as number) - each), `element ${k}`).toBeLessThan(1e-5 * size);
  });
};

const make = (layer: string, options: object): Module => {
  const Layer = (layerClasses as unknown as Record<string, new (options: object) => Module>)[layer];
  return new (Layer as new (options: object) => Module)(options);
};

test.each(fixtures)('$layer $options is that of PyTorch, with its gradients', (sample: Case) => {
  const layer = make(sample.layer, sample.options);
  const parameters = layer.namedParameters();
  const [weight, bias] = [parameters.get('weight.w'), parameters.get('bias')];
  if (sample.w) weight?.assign(tensor(Float32Array.from(sample.w), weight.value.shape));
  if (sample.bias) bias?.assign(tensor(Float32Array.from(sample.bias)));
  const x = tensor(sample.x, sample.shape);
  const y = layer.forward(x);
  expect(y.shape).toEqual(sample.yShape);
  closeTo(y, sample.y);
  const [, gradients] = gradientsOf(
    () => sum(multiply(layer.forward(x), tensor(sample.cotangent, sample.yShape))),
    [x, ...layer.parameters().map(({ value }) => value)],
  );
  closeTo(gradients[0], sample.dx);
  if (sample.dw) {
    closeTo(gradients[1], sample.dw);
    closeTo(gradients[2], sample.dbias);
  }
});

describe('any scheme', () => {
  const requests: readonly [string, () => WeightRequest][] = [
    ['hashedNet', () => hashedNet({ ratio: 1 / 4, seed: 3 })],
    ['funHash', () => funHash({ values: 16, seed: 3 })],
    ['lowRank', () => lowRank({ rank: 1 })],
    ['freshNet', () => freshNet({ kernel: 3, ratio: 1 / 2, seed: 3 })],
    ['hashedNet under step', () => hashedNet({ ratio: 1 / 4, seed: 3, policy: 'step' })],
    ['tiles of a shared space', () => tiles({ space: new SharedSpace({ values: 80 }) })],
  ];
  const x = tensor(
    Array.from({ length: 2 * 5 * 4 * 2 }, (_, k) => Math.sin(k)),
    [2, 5, 4, 2],
  );
  // Each layer, and a twin that multiplies by the decoded matrix.
  const layers = (weight: WeightRequest): Module[] => [
    new Conv2d({ in: 2, out: 4, kernelSize: 3, padding: 1, weight, seed: 5 }),
    new Conv2d({ in: 2, out: 4, kernelSize: 3, stride: 2, dilation: 1, weight, seed: 5, bias: false }),
    new ConvTranspose2d({ in: 2, out: 1, kernelSize: 3, stride: 2, weight, seed: 5 }),
    new DepthwiseConv2d({ in: 2, multiplier: 2, kernelSize: 3, weight, seed: 5 }),
  ];
  test.each(requests)('%s: outputs and gradients are those of the decoded kernel', (_, request) => {
    const plain = layers(dense());
    layers(request()).forEach((layer, k) => {
      const { weight } = layer as Conv2d;
      const twin = plain[k] as Conv2d;
      twin.weight.parameters[0]?.assign(weight.decode());
      closeTo(layer.forward(x), [...twin.forward(x).dataSync()]);
      const gradientOf = (module: Module) =>
        gradientsOf(() => sum(multiply(module.forward(x), module.forward(x))), [x])[1][0];
      closeTo(gradientOf(layer), [...(gradientOf(twin) as Tensor).dataSync()]);
      const [, own] = gradientsOf(
        () => sum(multiply(layer.forward(x), layer.forward(x))),
        weight.parameters.map(({ value }) => value),
      );
      // dV of the twin, folded into the stored values through the decoded matrix.
      const [, [dV]] = gradientsOf(
        () => sum(multiply(twin.forward(x), twin.forward(x))),
        twin.weight.parameters.map(({ value }) => value),
      );
      const [, folded] = gradientsOf(
        () => sum(multiply(weight.decode(), dV as Tensor)),
        weight.parameters.map(({ value }) => value),
      );
      own.forEach((gradient, slot) => {
        closeTo(gradient, [...(folded[slot] as Tensor).dataSync()]);
      });
    });
  });

  test('starts with the variance of He for the inputs of an output', () => {
    const stdOf = (layer: { weight: Conv2d['weight'] }) => {
      const values = Float64Array.from(layer.weight.decode().dataSync());
      return Math.sqrt(values.reduce((total, value) => total + value * value, 0) / values.length);
    };
    expect(stdOf(new Conv2d({ in: 16, out: 64, kernelSize: 3 })) / Math.sqrt(2 / 144)).toBeCloseTo(1, 1);
    expect(stdOf(new DepthwiseConv2d({ in: 800, kernelSize: 3 })) / Math.sqrt(2 / 9)).toBeCloseTo(1, 1);
    expect(
      stdOf(new ConvTranspose2d({ in: 64, out: 16, kernelSize: 4, stride: 2 })) / Math.sqrt(2 / 256),
    ).toBeCloseTo(1, 1);
    expect(stdOf(new Conv2d({ in: 16, out: 64, kernelSize: 3, std: 0.5 })) / 0.5).toBeCloseTo(1, 1);
  });
});

test('every layer survives a file', async () => {
  const space = new SharedSpace({ values: 70, name: 'common' });
  const net = new Sequential(
    [
      new Conv2d({
        in: 3,
        out: 4,
        kernelSize: [3, 2],
        stride: [1, 2],
        padding: [[1, 1], 0],
        activation: 'relu',
        weight: hashedNet({ ratio: 1 / 4 }),
      }),
      new Conv2d({ in: 4, out: 4, kernelSize: 3, padding: 'same', dilation: 2, groups: 2, bias: false }),
      new Conv2d({
        in: 4,
        out: 4,
        kernelSize: 3,
        padding: 'same',
        weight: freshNet({ kernel: 3, ratio: 1 / 4 }),
      }),
      new DepthwiseConv2d({
        in: 4,
        multiplier: 2,
        kernelSize: 3,
        padding: 1,
        weight: tiles({ space }),
        bias: hashedNet({ space }),
      }),
      new ConvTranspose2d({
        in: 8,
        out: 4,
        kernelSize: 3,
        stride: 2,
        padding: 1,
        outputPadding: [1, 0],
        groups: 2,
      }),
      new MaxPool2d({ kernelSize: 2, stride: 1, padding: 1 }),
      new AveragePool2d({ kernelSize: [2, 1], countPadding: false, padding: [1, 0] }),
      new Upsample({ scale: 2, mode: 'bilinear' }),
    ],
    { seed: 4 },
  );
  const x = tensor(
    Array.from({ length: 2 * 6 * 7 * 3 }, (_, k) => Math.cos(k)),
    [2, 6, 7, 3],
  );
  const restored = await load(await net.toBytes());
  expect(restored.spec).toEqual(net.spec);
  expect(restored.forward(x).dataSync()).toEqual(net.forward(x).dataSync());
  const line = new Conv1d({ in: 2, out: 3, kernelSize: 3, stride: 2, seed: 1 });
  const signal = zeros([1, 9, 2]);
  expect((await load(await line.toBytes())).forward(signal).shape).toEqual([1, 4, 3]);
  expect((await load(await line.toBytes())).spec).toEqual(line.spec);
});

describe('refusals', () => {
  const conv = { in: 2, out: 4, kernelSize: 3 };

  test.each<[string, () => Module, RegExp]>([
    ['no channels', () => new Conv2d({ ...conv, in: 0 }), /Conv2d: expected in: a whole number/],
    ['half a channel', () => new Conv2d({ ...conv, out: 1.5 }), /out/],
    ['groups that do not divide', () => new Conv2d({ ...conv, groups: 3 }), /3 groups, 2 → 4 channels/],
    ['a kernel of 0', () => new Conv2d({ ...conv, kernelSize: 0 }), /kernel/],
    ['too many extents', () => new Conv2d({ ...conv, kernelSize: [3, 3, 3] }), /kernel/],
    ['one extent of two', () => new Conv1d({ ...conv, kernelSize: [3, 3] }), /kernel/],
    ['no stride', () => new Conv2d({ ...conv, stride: 0 }), /stride/],
    ['negative padding', () => new Conv2d({ ...conv, padding: -1 }), /padding/],
    ['no dilation', () => new MaxPool2d({ kernelSize: 2, dilation: 0 }), /dilation/],
    ['a multiplier of 0', () => new DepthwiseConv2d({ ...conv, multiplier: 0 }), /multiplier/],
    ['negative output padding', () => new ConvTranspose2d({ ...conv, outputPadding: -1 }), /outputPadding/],
    ['no scale', () => new Upsample({ scale: 0 }), /scale/],
    ['an unknown mode', () => new Upsample({ scale: 2, mode: 'cubic' as 'nearest' }), /nearest, bilinear/],
  ])('%s', (_, build, message) => {
    expect(build).toThrow(ArgumentError);
    expect(build).toThrow(message);
  });

  test.each<[string, Module, readonly number[], RegExp]>([
    ['flat rows', new Conv2d(conv), [3, 50], /\[B, H, W, 2\].*\[3, 50\].*Reshape/],
    ['other channels', new Conv2d(conv), [1, 5, 5, 3], /\[B, H, W, 2\].*\[1, 5, 5, 3\]/],
    ['channels first', new Conv2d(conv), [1, 2, 8, 8], /channels last/],
    ['a kernel larger than the image', new Conv2d(conv), [1, 2, 5, 2], /within the padded input \[2, 5\]/],
    ['an image in Conv1d', new Conv1d(conv), [1, 5, 5, 2], /\[B, L, 2\]/],
    ['a signal in a pool', new MaxPool2d({ kernelSize: 2 }), [1, 5, 2], /\[B, H, W, C\]/],
    ['a pool larger than the image', new AveragePool2d({ kernelSize: 4 }), [1, 3, 9, 2], /within/],
  ])('%s', (_, layer, shape, message) => {
    expect(() => layer.forward(zeros(shape))).toThrow(ShapeError);
    expect(() => layer.forward(zeros(shape))).toThrow(message);
  });

  test('an empty batch gives an empty batch', () => {
    expect(new Conv2d(conv).forward(zeros([0, 5, 6, 2])).shape).toEqual([0, 3, 4, 4]);
    expect(new MaxPool2d({ kernelSize: 2 }).forward(zeros([0, 4, 4, 1])).shape).toEqual([0, 2, 2, 1]);
  });
});
