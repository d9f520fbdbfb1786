import { planWindows } from '@funhash/autodiff/op-parts';
import { type Random, random } from '@funhash/hashing';
import { binary, hashedNet } from '@funhash/space';
import { type Tensor, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { Activation } from '../activation.ts';
import { Sequential } from '../containers/sequential.ts';
import { Dense } from '../dense.ts';
import { Dropout } from '../dropout.ts';
import { Flatten } from '../flatten.ts';
import type { Module } from '../module.ts';
import { BatchNorm } from '../normalization/batch-norm.ts';
import { Reshape } from '../reshape.ts';
import { Conv2d } from '../spatial/conv2d.ts';
import { MaxPool2d } from '../spatial/max-pool2d.ts';

export interface BinaryNetCase {
  /** Shape of one example. */
  readonly input: readonly number[];
  readonly make: () => Sequential;
}

/** Bytes as they come from files, from 0 to 1. */
export function imagesOf(input: readonly number[], count: number, seed: number): Tensor {
  const source = random(seed);
  const size = input.reduce((product, extent) => product * extent, count);
  const pixels = Float32Array.from({ length: size }, () => source.integer(256) / 255);
  return tensor(pixels, [count, ...input]);
}

/**
 * Makes a network as if it had been trained: latent values of both signs and zeros, normalisation with falling,
 * constant and rising channels and with thresholds that sums meet exactly.
 */
export function unsettle(model: Module, draw: Random): void {
  for (const member of model.members.values()) unsettle(member, draw);
  for (const [name, parameter] of [...model.namedParameters(), ...model.namedBuffers()]) {
    if (model.members.size > 0) continue;
    const { shape, size } = parameter.value;
    const values = Float32Array.from({ length: size }, () => valueFor(name, draw));
    parameter.assign(tensor(values, shape));
  }
}

function valueFor(name: string, draw: Random): number {
  const among = (...values: readonly number[]): number => values[draw.integer(values.length)] as number;
  const real = 2 * draw.uniform() - 1;
  switch (name) {
    case 'scale':
      return among(1, -1, real, real, 0, -0.01 * real);
    case 'shift':
      return among(0, 0, real, 3 * real, 1000);
    case 'mean':
      return among(0, 1, -2, 3, 5 * real, 1 / 256);
    case 'variance':
      return among(1, 4, 0.01, 10 * Math.abs(real));
    default:
      return among(real, real, real, 0, -0);
  }
}

const ending = fc.constantFrom('norm', 'normThenSign', 'activation', 'quantizeInput');
const rows = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constantFrom(31, 32, 33, 64, 70));

const denseStep = fc.record({ out: rows, ending, bias: fc.boolean(), dropout: fc.boolean() });

const convStep = fc.record({
  out: rows,
  ending,
  bias: fc.boolean(),
  kernelSize: fc.constantFrom<number | number[]>(1, 2, 3, [2, 3]),
  stride: fc.integer({ min: 1, max: 2 }),
  padding: fc.constantFrom<'same' | 'valid' | number | [number, number][]>('same', 0, 1, [
    [0, 1],
    [2, 0],
  ]),
  dilation: fc.integer({ min: 1, max: 2 }),
  pooling: fc.constantFrom('none', 'before', 'behind'),
});

type Ending = 'norm' | 'normThenSign' | 'activation' | 'quantizeInput';

type Sign = 'sign' | 'stochasticSign';

/** What makes signs of sums; with `quantizeInput` the next product does. */
function normed(channels: number, kind: Ending, activation: Sign, shiftBased: boolean): Module[] {
  if (kind === 'activation') return [];
  const options = { channels, shiftBased };
  if (kind === 'norm') return [new BatchNorm({ ...options, activation, epsilon: 1e-4 })];
  const norm = new BatchNorm(options);
  return kind === 'normThenSign' ? [norm, new Activation(activation)] : [norm];
}

/** Networks with weights of ±1, of dense layers and convolutions, behind bytes or signs. */
export const binaryNet: fc.Arbitrary<BinaryNetCase> = fc
  .record({
    side: fc.integer({ min: 5, max: 8 }),
    depth: fc.constantFrom(1, 2, 3, 33),
    start: fc.constantFrom<'byte' | 'sign'>('byte', 'sign'),
    sign: fc.constantFrom<Sign>('sign', 'stochasticSign'),
    shiftBased: fc.boolean(),
    convolutions: fc.array(convStep, { maxLength: 2 }),
    dense: fc.array(denseStep, { maxLength: 3 }),
    classes: fc.integer({ min: 1, max: 11 }),
    end: fc.constantFrom('sums', 'norm', 'sign'),
    latent: fc.boolean(),
    seed: fc.nat(),
  })
  .map(({ side, depth, start, sign, shiftBased, convolutions, dense, classes, end, latent, seed }) => {
    const input = [side, side, depth];
    const make = (): Sequential => {
      const weight = latent ? binary(hashedNet({ values: 20 })) : binary();
      const layers: Module[] = [new Reshape({ shape: input }), new Activation(start)];
      let [height, width, channels] = [side, side, depth as number];
      let kind: Ending = 'norm';
      const shared = (bias: boolean, own: Ending) => ({
        bias,
        weight,
        ...(kind === 'quantizeInput' && { quantizeInput: sign }),
        ...(own === 'activation' && { activation: sign }),
      });
      for (const { out, ending, bias, pooling, ...spatial } of convolutions) {
        // The widest kernel would not fit.
        if (Math.min(height, width) < 5) break;
        const conv = new Conv2d({ in: channels, out, ...spatial, ...shared(bias, ending as Ending) });
        const { kernelSize: kernel, ...windows } = spatial;
        const plan = planWindows('binaryNet', [1, height, width, channels], { kernel, ...windows });
        [height, width, channels] = [...(plan.out as [number, number]), out];
        const norm = normed(out, ending as Ending, sign, shiftBased);
        const pools = pooling !== 'none' && height > 1 && width > 1 ? [new MaxPool2d({ kernelSize: 2 })] : [];
        layers.push(conv, ...(pooling === 'before' ? [...pools, ...norm] : [...norm, ...pools]));
        if (pools.length > 0) [height, width] = [Math.floor(height / 2), Math.floor(width / 2)];
        kind = ending as Ending;
      }
      layers.push(new Flatten());
      let from = height * width * channels;
      for (const { out, ending, bias, dropout } of dense) {
        layers.push(new Dense({ in: from, out, ...shared(bias, ending as Ending) }));
        layers.push(
          ...normed(out, ending as Ending, sign, shiftBased),
          ...(dropout ? [new Dropout({ rate: 0.5 })] : []),
        );
        [from, kind] = [out, ending as Ending];
      }
      layers.push(
        new Dense({
          in: from,
          out: classes,
          ...shared(false, 'norm'),
        }),
      );
      if (end === 'norm') layers.push(new BatchNorm({ channels: classes }));
      if (end === 'sign') layers.push(new Activation('sign'), new Dense({ in: classes, out: 2 }));
      const net = new Sequential(layers, { seed });
      unsettle(net, random(seed));
      return net;
    };
    return { input, make };
  });
