import { add, gradCheck, multiply } from '@funhash/autodiff';
import { ArgumentError, random } from '@funhash/hashing';
import { hashedNet } from '@funhash/space';
import { ones, ShapeError, type Tensor, tensor, zeros } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { Activation } from '../activation.ts';
import { Dense } from '../dense.ts';
import { Dropout } from '../dropout.ts';
import { Flatten } from '../flatten.ts';
import { load } from '../model-file/load.ts';
import type { Module } from '../module.ts';
import type { Pass } from '../pass.ts';
import { Reshape } from '../reshape.ts';
import { Conv2d } from '../spatial/conv2d.ts';
import { Dropout2d } from '../spatial/dropout2d.ts';
import { GlobalAveragePool } from '../spatial/global-average-pool.ts';
import { Pad } from '../spatial/pad.ts';
import { Composite, containerOptions } from './composite.ts';
import { Concat } from './concat.ts';
import { Functional } from './functional.ts';
import { Residual } from './residual.ts';
import { Sequential } from './sequential.ts';

const x = tensor([
  [1, -2, 3],
  [0.5, 4, -1],
]);
const pass = (seed: number) => ({ training: true, random: random(seed) });

describe('Residual', () => {
  const body = () => new Dense({ in: 3, out: 3, seed: 1 });

  test('adds x, or what the shortcut makes of it, before the activation', () => {
    const inner = body();
    expect(new Residual(inner).forward(x).dataSync()).toEqual(add(inner.forward(x), x).dataSync());
    const shortcut = new Dense({ in: 3, out: 3, seed: 2 });
    const sum = add(inner.forward(x), shortcut.forward(x)).dataSync();
    const found = new Residual(inner, { shortcut, activation: 'relu' }).forward(x).dataSync();
    expect(found).toEqual(sum.map((value) => Math.max(0, value)));
  });

  test('names, seeds and a file', async () => {
    const net = new Residual(new Sequential([body(), new Dropout({ rate: 0.5 })]), {
      shortcut: new Dense({ in: 3, out: 3, weight: hashedNet({ ratio: 1 / 2 }) }),
      activation: 'tanh',
      seed: 3,
    });
    expect([...net.namedParameters().keys()]).toEqual([
      'body.0.weight.w',
      'body.0.bias',
      'shortcut.weight.w',
      'shortcut.bias',
    ]);
    expect(net.summary().rows.map(({ name }) => name)).toContain('shortcut.weight');
    const restored = await load(await net.toBytes());
    expect(restored.spec).toEqual(net.spec);
    expect(restored.forward(x).dataSync()).toEqual(net.forward(x).dataSync());
    expect(net.forward(x, pass(1)).dataSync()).not.toEqual(net.forward(x).dataSync());
  });

  test('a body of another shape is refused', () => {
    expect(() => new Residual(new Dense({ in: 3, out: 1 }))).toThrow(ShapeError);
    const unknown = new Functional({ head: new Dense({ in: 3, out: 1 }) }, (input, { head }) => head(input));
    expect(() => new Residual(unknown).forward(x)).toThrow(/\[2, 1\] and \[2, 3\]/);
    expect(() => new Residual(undefined as unknown as Dense)).toThrow(ArgumentError);
  });
});

describe('Concat', () => {
  test('branches stand side by side; an empty Sequential passes x on', async () => {
    const first = new Dense({ in: 3, out: 2, seed: 1 });
    const net = new Concat([new Sequential([]), first]);
    const y = net.forward(x);
    expect(y.shape).toEqual([2, 5]);
    const inner = first.forward(x).dataSync();
    expect([...y.dataSync()]).toEqual([
      ...x.dataSync().slice(0, 3),
      ...inner.slice(0, 2),
      ...x.dataSync().slice(3),
      ...inner.slice(2),
    ]);
    const restored = await load(await net.toBytes());
    expect(restored.spec).toEqual(net.spec);
    expect(restored.forward(x).dataSync()).toEqual(y.dataSync());
  });

  test('of images joins channels, with the gradient of each', () => {
    const image = tensor(
      Float64Array.from({ length: 24 }, (_, k) => k / 7),
      [2, 2, 3, 2],
    );
    const net = new Concat([new Sequential([]), new Activation('tanh')]);
    expect(net.forward(image).shape).toEqual([2, 2, 3, 4]);
    gradCheck((input) => net.forward(input), [image]);
  });

  test('no branch, or branches that do not fit, are refused', () => {
    expect(() => new Concat([])).toThrow(ArgumentError);
    const net = new Concat([new Sequential([]), new GlobalAveragePool()]);
    expect(() => net.forward(zeros([2, 3, 3, 2]))).toThrow(ShapeError);
  });
});

describe('Reshape', () => {
  test('rows become images, images stay', async () => {
    const layer = new Reshape({ shape: [2, 3, 1] });
    const rows = tensor([[1, 2, 3, 4, 5, 6]]);
    expect(layer.forward(rows).toArray()).toEqual([
      [
        [[1], [2], [3]],
        [[4], [5], [6]],
      ],
    ]);
    expect(layer.forward(layer.forward(rows)).shape).toEqual([1, 2, 3, 1]);
    expect((await load(await layer.toBytes())).spec).toEqual({ type: 'reshape', shape: [2, 3, 1] });
  });

  test('what has another number of elements is refused', () => {
    expect(() => new Reshape({ shape: [2, 3] }).forward(zeros([6, 5]))).toThrow(ShapeError);
    expect(() => new Reshape({ shape: [2, 3] }).forward(tensor(1))).toThrow(ShapeError);
    expect(() => new Reshape({ shape: [0] })).toThrow(ArgumentError);
  });
});

describe('Pad', () => {
  test('zeros around each axis but the batch', async () => {
    const layer = new Pad({ padding: [0, [0, 1], 1] });
    expect(layer.forward(tensor([1, 2, 3, 4], [2, 1, 2, 1])).toArray()).toEqual([
      [
        [
          [0, 1, 0],
          [0, 2, 0],
          [0, 0, 0],
        ],
      ],
      [
        [
          [0, 3, 0],
          [0, 4, 0],
          [0, 0, 0],
        ],
      ],
    ]);
    expect((await load(await layer.toBytes())).spec).toEqual(layer.spec);
  });

  test('other ranks and amounts are refused', () => {
    expect(() => new Pad({ padding: [1] }).forward(ones([2, 2, 2]))).toThrow(ShapeError);
    expect(() => new Pad({ padding: [-1] })).toThrow(ArgumentError);
    expect(() => new Pad({ padding: [[1, 0.5]] })).toThrow(ArgumentError);
    expect(() => new Pad({ padding: 1 as unknown as number[] })).toThrow(ArgumentError);
  });
});

describe('Dropout2d', () => {
  test('drops channels whole, each example for itself, and scales the rest', () => {
    const y = new Dropout2d({ rate: 0.25 }).forward(ones([40, 2, 3, 50]), pass(1));
    const values = y.dataSync();
    let dropped = 0;
    for (let example = 0; example < 40; example++)
      for (let channel = 0; channel < 50; channel++) {
        const own = Array.from({ length: 6 }, (_, place) => values[(example * 6 + place) * 50 + channel]);
        expect(new Set(own).size).toBe(1);
        if (own[0] === 0) dropped++;
        else expect(own[0]).toBe(Math.fround(4 / 3));
      }
    // Five standard deviations of a binomial count.
    expect(Math.abs(dropped - 500)).toBeLessThan(5 * Math.sqrt(2000 * 0.25 * 0.75));
  });

  test('inference and rate 0 are the identity; a file keeps the rate', async () => {
    const image = ones([1, 2, 2, 3]);
    const layer = new Dropout2d({ rate: 0.5 });
    expect(layer.forward(image)).toBe(image);
    expect(new Dropout2d({ rate: 0 }).forward(image, pass(1))).toBe(image);
    expect((await load(await layer.toBytes())).spec).toEqual(layer.spec);
    expect(() => new Dropout2d({ rate: 1 })).toThrow(ArgumentError);
    expect(() => layer.forward(x, pass(1))).toThrow(ShapeError);
  });
});

test('GlobalAveragePool: the mean of each channel', () => {
  const image = tensor([1, 10, 2, 20, 3, 30, 6, 60], [1, 2, 2, 2]);
  expect(new GlobalAveragePool().forward(image).toArray()).toEqual([[3, 30]]);
  expect(() => new GlobalAveragePool().forward(x)).toThrow(ShapeError);
  const net = new Sequential([new Conv2d({ in: 2, out: 3, kernelSize: 1 }), new GlobalAveragePool()]);
  expect(net.forward(image).shape).toEqual([1, 3]);
});

test.each<[string, () => unknown, string]>([
  [
    'Sequential',
    () => new Sequential([], { sed: 1 } as never),
    'Sequential: unknown option sed; did you mean seed?',
  ],
  [
    'Concat',
    () => new Concat([new Flatten()], { dtyp: 'f64' } as never),
    'Concat: unknown option dtyp; did you mean dtype?',
  ],
  [
    'Residual',
    () => new Residual(new Flatten(), { shorcut: new Flatten() } as never),
    'Residual: unknown option shorcut; did you mean shortcut?',
  ],
  [
    'Functional',
    () => new Functional({}, (x) => x, { seeds: 1 } as never),
    'Functional: unknown option seeds; did you mean seed?',
  ],
  [
    'layers without brackets',
    () => new Sequential(new Flatten() as never),
    'Sequential: expected a list of layers, got a Flatten.',
  ],
  [
    'layers one by one',
    () => new Sequential([new Flatten()], new Flatten() as never),
    'Sequential: expected options as an object, { seed: … }, got a Flatten.',
  ],
])('%s: what is misspelt is refused with the nearest name', (_, make, message) => {
  expect(make).toThrow(message);
});

/** A container of a user's own, with values beside its member. */
class Scaled extends Composite {
  static override readonly type: string = 'scaled';
  static override readonly options = containerOptions;
  readonly factor = this.values('factor', [3], { start: 2 });

  constructor(body: Module) {
    super({}, [['body', body]]);
  }

  compute(x: Tensor, pass: Pass): Tensor {
    return multiply(this.run('body', x, pass), this.factor.value);
  }

  protected rebuilt(members: ReadonlyMap<string, Module>): Scaled {
    return new Scaled(members.get('body') as Module);
  }
}

test('values of a container itself have the precision of the network, and stay under other members', () => {
  const scaled = new Scaled(new Dense({ in: 3, out: 3 }));
  const net = new Sequential([scaled], { dtype: 'f64' });
  expect([...net.namedParameters()].map(([name, { value }]) => [name, value.dtype])).toEqual([
    ['0.factor', 'f64'],
    ['0.body.weight.w', 'f64'],
    ['0.body.bias', 'f64'],
  ]);
  const other = scaled.withMembers(() => new Activation('relu'));
  expect([...other.namedParameters().values()]).toEqual([scaled.factor.parameter]);
});
