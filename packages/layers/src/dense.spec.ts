import { gradientsOf, multiply, sum } from '@funhash/autodiff';
import { ArgumentError } from '@funhash/hashing';
import { dense, funHash, hashedNet, lowRank, type WeightRequest } from '@funhash/space';
import { ShapeError, type Tensor, tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import type { ActivationName } from './activations.ts';
import { Sequential } from './containers/sequential.ts';
import fixtures from './dense.fixtures.json' with { type: 'json' };
import { Dense, type DenseOptions } from './dense.ts';

type Case = (typeof fixtures.plain)[number];

const closeTo = (actual: Tensor, expected: readonly number[]): void => {
  const values = actual.dataSync();
  expect(values.length).toBe(expected.length);
  expected.forEach((wanted, k) => {
    expect(Math.abs((values[k] as number) - wanted), `element ${k}`).toBeLessThan(
      1e-5 * Math.max(1, Math.abs(wanted)),
    );
  });
};

const values = (layer: Dense, name: string): Tensor => {
  const parameter = layer.namedParameters().get(name);
  if (!parameter) throw new Error(`no parameter ${name}`);
  return parameter.value;
};

const bitsOf = (layer: Dense): number[] => [
  ...new Uint32Array((layer.weight.decode().dataSync() as Float32Array).buffer),
];

describe('value and gradients are those of PyTorch', () => {
  const check = (sample: Case, weight: WeightRequest): void => {
    const { activation } = sample;
    const layer = new Dense({
      in: 4,
      out: 5,
      weight,
      ...(activation !== 'none' && { activation: activation as ActivationName }),
    });
    const { parameters } = layer.weight;
    parameters[0]?.assign(tensor(Float32Array.from(sample.w), parameters[0].value.shape));
    layer.namedParameters().get('bias')?.assign(tensor(sample.bias));
    const x = tensor(sample.x, [3, 4]);
    closeTo(layer.forward(x), sample.y);
    const [, gradients] = gradientsOf(
      () => sum(multiply(layer.forward(x), tensor(sample.cotangent, [3, 5]))),
      [x, values(layer, 'weight.w'), values(layer, 'bias')],
    );
    [sample.dx, sample.dw, sample.dbias].forEach((wanted, k) => {
      closeTo(gradients[k] as Tensor, wanted);
    });
  };
  test.each(fixtures.plain)('plain, $activation', (sample) => check(sample, dense()));
  test.each(fixtures.hashed)('hashed, $activation', (sample) =>
    check(sample, hashedNet({ buckets: 6, seed: 7 })),
  );
});

describe('bias', () => {
  const x = tensor([[1, 2, 3]]);

  test('plain by default, at 0, and trainable', () => {
    const layer = new Dense({ in: 3, out: 2 });
    expect([...layer.namedParameters().keys()]).toEqual(['weight.w', 'bias']);
    expect(values(layer, 'bias').toArray()).toEqual([0, 0]);
  });

  test('none', () => {
    const layer = new Dense({ in: 3, out: 2, bias: false });
    expect([...layer.namedParameters().keys()]).toEqual(['weight.w']);
    expect(layer.bias).toBe(undefined);
    expect(layer.forward(x).shape).toEqual([1, 2]);
  });

  test('a virtual column is added to the product, and its stored values get a gradient', () => {
    const layer = new Dense({ in: 3, out: 40, bias: hashedNet({ values: 4 }) });
    expect([...layer.namedParameters().keys()]).toEqual(['weight.w', 'bias.w']);
    const column = layer.bias;
    if (!(column && 'decode' in column)) throw new Error('no virtual bias');
    const withoutBias = layer.weight.matmul(x).dataSync();
    const entries = column.decode().dataSync();
    closeTo(
      layer.forward(x),
      Array.from(withoutBias, (y, k) => y + (entries[k] as number)),
    );
    // HashedNets draws biases from U(±1/√in).
    expect(Math.max(...entries.map(Math.abs))).toBeLessThanOrEqual(1 / Math.sqrt(3));
    const [, [gradient]] = gradientsOf(() => sum(layer.forward(x)), [values(layer, 'bias.w')]);
    const uses = gradient?.dataSync() ?? [];
    expect(uses.length).toBe(4);
    expect(uses.some((use) => use !== 0)).toBe(true);
  });
});

describe('size of a weight', () => {
  const storedCount = (weight: WeightRequest): number =>
    new Dense({ in: 100, out: 64, weight }).weight.storedCount;

  test.each([
    ['ratio', hashedNet({ ratio: 1 / 64 }), 100],
    ['values', hashedNet({ values: 77 }), 77],
    ['bytes', hashedNet({ bytes: 411 }), 102],
    ['the option of the scheme', hashedNet({ buckets: 5 }), 5],
    ['ratio, with the weights of g inside it', funHash({ ratio: 1 / 64 }), 100],
    ['nothing: dense', dense(), 6400],
  ])('%s', (_, weight, wanted) => {
    expect(storedCount(weight)).toBe(wanted);
  });

  test('too small for the scheme', () => {
    expect(() => storedCount(lowRank({ ratio: 1 / 64 }))).toThrow(/rank 1 of a 64 × 100 matrix/);
    expect(() => storedCount(funHash({ values: 8 }))).toThrow(ArgumentError);
  });
});

describe('seeds', () => {
  const make = (options: Partial<DenseOptions> = {}): Dense =>
    new Dense({ in: 6, out: 5, weight: funHash({ values: 20 }), ...options });
  const inNetwork = (layer: Dense, seed?: number): Dense => {
    new Sequential([layer], seed === undefined ? {} : { seed });
    return layer;
  };

  test('equal seeds give equal bits', () => {
    expect(bitsOf(make({ seed: 3 }))).toEqual(bitsOf(make({ seed: 3 })));
    expect(bitsOf(make({ seed: 3 }))).not.toEqual(bitsOf(make({ seed: 4 })));
    expect(bitsOf(make())).toEqual(bitsOf(make({ seed: 0 })));
  });

  test('the seed of the network counts, unless the layer has its own', () => {
    expect(bitsOf(inNetwork(make(), 1))).toEqual(bitsOf(inNetwork(make(), 1)));
    expect(bitsOf(inNetwork(make(), 1))).not.toEqual(bitsOf(inNetwork(make(), 2)));
    expect(bitsOf(inNetwork(make()))).toEqual(bitsOf(inNetwork(make(), 0)));
    expect(bitsOf(inNetwork(make({ seed: 9 }), 1))).toEqual(bitsOf(make({ seed: 9 })));
  });

  test('a layer that has been used keeps its values in a network', () => {
    const layer = make();
    const before = bitsOf(layer);
    expect(bitsOf(inNetwork(layer, 5))).toEqual(before);
  });

  test('a hash seed given to the scheme is used as it is', () => {
    const layer = make({ weight: hashedNet({ buckets: 4, seed: 12 }), seed: 3 });
    expect(layer.weight.options.seed).toBe(12);
  });
});

test('std: of the virtual matrix, by default √(2 / in)', () => {
  const stdOf = (options: Partial<DenseOptions>): number => {
    const entries = Float64Array.from(
      new Dense({ in: 128, out: 200, ...options }).weight.decode().dataSync(),
    );
    return Math.sqrt(entries.reduce((sum, v) => sum + v * v, 0) / entries.length);
  };
  for (const weight of [dense(), hashedNet({ ratio: 1 / 8 }), funHash({ ratio: 1 / 8 })]) {
    expect(stdOf({ weight }) / 0.125).toBeCloseTo(1, 1);
    expect(stdOf({ weight, std: 0.5 }) / 0.5).toBeCloseTo(1, 1);
  }
});

describe('refused', () => {
  test.each<[string, DenseOptions]>([
    ['no input', { in: 0, out: 2 }],
    ['a broken output', { in: 2, out: 2.5 }],
    ['an unknown activation', { in: 2, out: 2, activation: 'rleu' as ActivationName }],
    ['an activation of Object', { in: 2, out: 2, activation: 'toString' as ActivationName }],
    ['a seed that is no number', { in: 2, out: 2, seed: Number.NaN }],
    ['std 0', { in: 2, out: 2, std: 0 }],
    ['infinite std', { in: 2, out: 2, std: Number.POSITIVE_INFINITY }],
  ])('%s', (_, options) => {
    expect(() => new Dense(options)).toThrow(ArgumentError);
  });

  test('inputs of another shape, with what to do', () => {
    const layer = new Dense({ in: 4, out: 2 });
    expect(() => layer.forward(tensor([1, 2, 3, 4]))).toThrow(ShapeError);
    expect(() => layer.forward(tensor([1, 2, 3, 4], [1, 2, 2]))).toThrow(
      'Dense 4 → 2: expected an input of shape [B, 4], got [1, 2, 2]. Put a Flatten before it.',
    );
    expect(layer.forward(tensor([], [0, 4])).shape).toEqual([0, 2]);
  });

  test.each([dense(), hashedNet({ ratio: 1 / 2 }), lowRank({ rank: 1 })])(
    'leading axes are examples: weight %#',
    (weight) => {
      const layer = new Dense({ in: 4, out: 3, activation: 'tanh', weight, seed: 1 });
      const values = Float32Array.from({ length: 24 }, (_, k) => Math.sin(k));
      const [flat, deep] = [tensor(values, [6, 4]), tensor(values, [2, 3, 4])];
      expect(layer.forward(deep).shape).toEqual([2, 3, 3]);
      expect(layer.forward(deep).dataSync()).toEqual(layer.forward(flat).dataSync());
      expect(layer.forward(tensor([], [2, 0, 4])).shape).toEqual([2, 0, 3]);
    },
  );
});
