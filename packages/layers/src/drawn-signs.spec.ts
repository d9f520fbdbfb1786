import { random } from '@funhash/hashing';
import { binary, stochasticBinary, type WeightRequest } from '@funhash/space';
import { type Tensor, tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { Activation } from './activation.ts';
import type { ActivationName } from './activations.ts';
import { Residual } from './containers/residual.ts';
import { Sequential } from './containers/sequential.ts';
import { Dense } from './dense.ts';
import { Flatten } from './flatten.ts';
import type { Module } from './module.ts';
import { BatchNorm } from './normalization/batch-norm.ts';
import { Conv2d } from './spatial/conv2d.ts';

const x = tensor(random(4).fillUniform(new Float32Array(5 * 36), -0.9, 0.9), [5, 6, 6, 1]);
const training = (seed: number) => ({ training: true, random: random(seed) });

/** Nets of which everything but the part named is the same. */
const nets: Record<string, (sign: ActivationName, weight: () => WeightRequest) => Module> = {
  Activation: (sign) => new Activation(sign),
  Residual: (activation) => new Residual(new Flatten(), { shortcut: new Flatten(), activation }),
  'BatchNorm at its end': (activation) => new BatchNorm({ channels: 1, activation }),
  'Dense at its end': (activation) =>
    new Sequential([new Flatten(), new Dense({ in: 36, out: 9, activation })]),
  'Dense at its start': (quantizeInput) =>
    new Sequential([new Flatten(), new Dense({ in: 36, out: 9, quantizeInput })]),
  'Conv2d at its start': (quantizeInput) => new Conv2d({ in: 1, out: 3, kernelSize: 3, quantizeInput }),
  'weights of Dense': (_, weight) =>
    new Sequential([new Flatten(), new Dense({ in: 36, out: 9, weight: weight() })]),
  'weights of Conv2d': (_, weight) => new Conv2d({ in: 1, out: 3, kernelSize: 3, weight: weight() }),
};

const valuesOf = (y: Tensor): number[] => [...y.dataSync()];

describe.each(Object.entries(nets))('signs drawn: %s', (_, make) => {
  test('in training by the pass: the same seed gives the same, another other ones', () => {
    const drawn = make('stochasticSign', stochasticBinary);
    const [first, again, other] = [1, 1, 2].map((seed) => valuesOf(drawn.forward(x, training(seed))));
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  test('at inference none are', () => {
    const drawn = make('stochasticSign', stochasticBinary);
    const plain = make('sign', binary);
    // Both, for running statistics.
    for (const net of [drawn, plain]) net.forward(x, training(1));
    expect(valuesOf(drawn.forward(x))).toEqual(valuesOf(plain.forward(x)));
  });
});
