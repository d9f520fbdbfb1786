import { ArgumentError, random } from '@funhash/hashing';
import {
  freshNet,
  gradientsOf,
  hashedNet,
  load,
  type Module,
  Residual,
  type Sequential,
  ShapeError,
  SharedSpace,
  scope,
  sum,
  tensor,
} from '@funhash/layers';
import { describe, expect, test } from 'vitest';
import {
  deepConvNet,
  denseNet,
  leNet5,
  type ModelWeights,
  mlp,
  resNet,
  smallConvNet,
  vgg16,
  wideResNet,
} from './index.ts';
import type { WeightPlace } from './weights.ts';

// A weight of few values, so that large nets cost nothing.
const weight = {
  conv: hashedNet({ values: 8 }),
  fc: hashedNet({ values: 8 }),
  stem: hashedNet({ values: 8 }),
};
const sizeOf = (net: Module) => net.summary().total.virtualCount;
const millions = (net: Module) => sizeOf(net) / 1e6;

describe('parameters are as many as published', () => {
  test('MLP 784-1000-10 of the HashedNets paper', () => {
    expect(sizeOf(mlp({ weight }))).toBe(795_010);
    expect(sizeOf(mlp({ hidden: [1000, 1000, 1000], weight }))).toBe(2_797_010);
  });

  test('LeNet-5: 61 706, and 431 080 in the form of Caffe', () => {
    expect(sizeOf(leNet5())).toBe(61_706);
    expect(sizeOf(leNet5({ form: 'caffe' }))).toBe(431_080);
    // LeCun et al. 1998, layers F6 and C5.
    const rows = leNet5()
      .summary()
      .rows.map(({ name, virtualCount }) => [name, virtualCount]);
    expect(rows.filter(([name]) => String(name).endsWith('weight')).map(([, count]) => count)).toEqual([
      150, 2400, 48_000, 10_080, 840,
    ]);
  });

  test('VGG-16: the convolutions of configuration D', () => {
    // Simonyan and Zisserman, table 2: 138 million with the dense layers for 224 × 224 images.
    const dense = 25_088 * 4096 + 4096 + 4096 * 4096 + 4096 + 4096 * 1000 + 1000;
    const convolutions = sizeOf(vgg16({ batchNorm: false, weight })) - 5130;
    expect(convolutions).toBe(14_714_688);
    expect(convolutions + dense).toBe(138_357_544);
    // Normalised: no bias, but scale and shift of 4224 channels.
    expect(sizeOf(vgg16({ weight }))).toBe(14_714_688 + 4224 + 5130);
    expect(sizeOf(vgg16({ weight, hidden: [512] }))).toBe(14_714_688 + 4224 + 5130 + 512 * 513);
  });

  test.each([
    // He et al., table 6.
    [20, 0.27],
    [32, 0.46],
    [44, 0.66],
    [56, 0.85],
    [110, 1.7],
  ])('ResNet-%i: %d million', (depth, published) => {
    expect(Math.abs(millions(resNet({ depth, weight })) / published - 1)).toBeLessThan(0.02);
  });

  test('ResNet-20 and 32 to the last', () => {
    expect(sizeOf(resNet({ weight }))).toBe(269_722);
    expect(sizeOf(resNet({ depth: 32, weight }))).toBe(464_154);
    // Two convolutions of 1 × 1, normalised.
    expect(sizeOf(resNet({ shortcut: 'conv', weight }))).toBe(269_722 + 16 * 32 + 32 * 64 + 2 * (32 + 64));
  });

  test.each([
    // Zagoruyko and Komodakis, table 4.
    [40, 1, 0.6],
    [40, 2, 2.2],
    [40, 4, 8.9],
    [40, 8, 35.7],
    [28, 10, 36.5],
    [28, 12, 52.5],
    [22, 8, 17.2],
    [22, 10, 26.8],
    [16, 8, 11.0],
    [16, 10, 17.1],
  ])('WRN-%i-%i: %d million', (depth, width, published) => {
    expect(Math.abs(millions(wideResNet({ depth, width, weight })) - published)).toBeLessThan(0.06);
  });

  test('DenseNet-40-12: 1.0 million', () => {
    // Huang et al., table 2.
    expect(Math.abs(millions(denseNet({ weight })) - 1)).toBeLessThan(0.03);
    expect(millions(denseNet({ depth: 100, weight }))).toBeCloseTo(7.0, 0);
    expect(Math.abs(millions(denseNet({ depth: 100, growth: 24, weight })) - 27.2)).toBeLessThan(0.1);
  });
});

test('the smallest convolutional net: 4 232 weights, and images that it cannot read', () => {
  const weights = (net: Module): number =>
    net
      .summary()
      .rows.reduce((sum, { name, virtualCount }) => sum + (/weight/.test(name) ? virtualCount : 0), 0);
  expect(weights(smallConvNet())).toBe(25 * 8 + 72 * 12 + 108 * 16 + 144 * 10);
  expect(() => smallConvNet({ input: [17, 17, 1] })).not.toThrow();
  expect(() => smallConvNet({ input: [28, 16, 1] })).toThrow(/17 pixels/);
});

test('a deep net of small convolutions: 8 424 weights, shortcuts where channels stay, any depth', () => {
  const net = deepConvNet();
  expect(sizeOf(net)).toBe(25 * 8 + 72 * 16 + 3 * 144 * 16 + 16 * 10 + 10 + 2 * (8 + 4 * 16));
  const shortcuts = (channels: number[]): number =>
    deepConvNet({ channels }).layers.filter((layer) => layer instanceof Residual).length;
  expect(shortcuts([4, 6, 6, 8, 8])).toBe(2);
  expect(shortcuts([4, 6])).toBe(0);
  expect(
    deepConvNet({ input: [4, 4, 1], channels: [2, 2] }).forward(tensor(new Float32Array(16), [1, 16])).shape,
  ).toEqual([1, 10]);
  expect(() => deepConvNet({ input: [4, 3, 1] })).toThrow(/4 pixels/);
  expect(() => deepConvNet({ channels: [4] })).toThrow(/channels/);
});

test('narrower nets', () => {
  const net = leNet5({ channels: [2, 3], hidden: [20] });
  expect(sizeOf(net)).toBe(2 * 26 + 3 * 51 + 20 * 76 + 10 * 21);
  expect(sizeOf(resNet({ channels: 4, weight }))).toBeLessThan(269_722 / 14);
  expect(millions(vgg16({ channels: 16, weight }))).toBeCloseTo(14.71 / 16, 1);
  // A net of width 2 by its channels or by its width: only the stem differs.
  expect(sizeOf(wideResNet({ depth: 10, width: 1, channels: 32, weight }))).toBeGreaterThan(
    sizeOf(wideResNet({ depth: 10, width: 2, weight })),
  );
});

const training = { training: true, random: random(0) };
const photographs = tensor(random(1).fillUniform(new Float32Array(2 * 3072)), [2, 3072]);
const digits = tensor(random(1).fillUniform(new Float32Array(3 * 784)), [3, 784]);

const nets: readonly [string, () => Sequential, typeof digits][] = [
  ['mlp', () => mlp({ input: 784, hidden: [20], dropout: 0.1 }), digits],
  ['leNet5', () => leNet5({ dropout: 0.1 }), digits],
  ['leNet5 as published', () => leNet5({ activation: 'tanh', pool: 'average' }), digits],
  ['leNet5 of Caffe', () => leNet5({ form: 'caffe', weight: { fc: hashedNet({ ratio: 1 / 64 }) } }), digits],
  ['smallConvNet', () => smallConvNet({ channels: [2, 3, 4] }), digits],
  ['deepConvNet', () => deepConvNet({ channels: [2, 3, 3] }), digits],
  ['resNet', () => resNet({ depth: 8, channels: 4 }), photographs],
  ['resNet by convolutions', () => resNet({ depth: 8, channels: 4, shortcut: 'conv' }), photographs],
  ['wideResNet', () => wideResNet({ depth: 10, width: 1, dropout: 0.1 }), photographs],
  ['denseNet', () => denseNet({ depth: 7, growth: 4, dropout: 0.1 }), photographs],
];

describe.each(nets)('%s', (_, make, x) => {
  test('gives classes, trains in all its parameters, and survives a file', async () => {
    const net = make();
    const values = net.parameters().map(({ value }) => value);
    const gradients = gradientsOf(() => sum(net.forward(x, training)), values)[1];
    gradients.forEach((gradient, k) => {
      const { name } = net.parameters()[k] as { name: string };
      // A shift before a normalisation has no effect; everything else has.
      if (name !== 'shift') expect(gradient.dataSync().some((slope) => slope !== 0)).toBe(true);
    });
    const y = net.forward(x);
    expect(y.shape).toEqual([x.shape[0], 10]);
    const restored = await load(await net.toBytes());
    expect(restored.spec).toEqual(net.spec);
    expect(restored.forward(x).dataSync()).toEqual(y.dataSync());
  });

  test('the seed decides', () => {
    const bits = (net: Module) => net.parameters().map(({ value }) => [...value.dataSync()]);
    expect(bits(make())).toEqual(bits(make()));
  });
});

test('vgg16 takes an image from end to end', () => {
  const net = vgg16({ weight, hidden: [16], dropout: 0.2, classes: 7 });
  expect(scope(() => net.forward(photographs).shape)).toEqual([2, 7]);
});

describe('weights by role', () => {
  const kinds = (weight: ModelWeights) =>
    leNet5({ weight })
      .summary()
      .rows.filter(({ kind }) => kind !== 'bias')
      .map(({ kind }) => kind);

  test('one request is for all but the stem; roles; functions', () => {
    const hashed = hashedNet({ ratio: 1 / 4 });
    expect(kinds(hashed)).toEqual(['dense', 'hashedNet', 'hashedNet', 'hashedNet', 'hashedNet']);
    expect(kinds({ stem: hashed })).toEqual(['hashedNet', 'dense', 'dense', 'dense', 'dense']);
    expect(kinds({ fc: hashed })).toEqual(['dense', 'dense', 'hashedNet', 'hashedNet', 'hashedNet']);
    expect(kinds({ conv: freshNet({ kernel: 5, ratio: 1 / 8 }), head: hashed })).toEqual([
      'dense',
      'freshNet',
      'dense',
      'dense',
      'hashedNet',
    ]);
    const places: WeightPlace[] = [];
    const net = denseNet({
      depth: 7,
      weight: (place) => {
        places.push(place);
        return place.kernelSize === 3 ? freshNet({ kernel: 3, ratio: 1 / 8 }) : undefined;
      },
    });
    expect(places[0]).toEqual({ role: 'stem', rows: 16, cols: 27, kernelSize: 3 });
    expect(new Set(places.map(({ role, kernelSize }) => `${role} ${kernelSize}`))).toEqual(
      new Set(['stem 3', 'conv 3', 'conv 1', 'head 1']),
    );
    expect(net.summary().rows.filter(({ kind }) => kind === 'freshNet')).toHaveLength(4);
  });

  test.each([
    ['mlp', (weight: ModelWeights) => mlp({ hidden: [20], weight })],
    ['leNet5', (weight: ModelWeights) => leNet5({ weight })],
    ['vgg16', (weight: ModelWeights) => vgg16({ channels: 2, hidden: [7], weight })],
    [
      'vgg16 without normalisation',
      (weight: ModelWeights) => vgg16({ channels: 2, batchNorm: false, weight }),
    ],
    ['resNet', (weight: ModelWeights) => resNet({ channels: 5, weight })],
    ['resNet by convolutions', (weight: ModelWeights) => resNet({ channels: 4, shortcut: 'conv', weight })],
    ['wideResNet', (weight: ModelWeights) => wideResNet({ depth: 10, width: 2, weight })],
    ['denseNet', (weight: ModelWeights) => denseNet({ depth: 7, weight })],
  ])('%s asks for its weights in the order of the net', (_, make) => {
    const places: WeightPlace[] = [];
    const net = make((place) => {
      places.push(place);
      return undefined;
    });
    const rows = net.summary().rows.filter(({ kind }) => kind === 'dense');
    expect(places.map(({ rows, cols }) => [rows, cols])).toEqual(rows.map(({ shape }) => [...shape]));
    expect(places.at(-1)?.role).toBe('head');
    expect(places.filter(({ role }) => role === 'stem')).toHaveLength(_ === 'mlp' ? 0 : 1);
  });

  test('layers share a space', () => {
    const space = new SharedSpace({ values: 500 });
    const net = leNet5({ weight: hashedNet({ space }) });
    // The stem and the biases are plain.
    expect(net.summary().total.storedCount).toBe(500 + 150 + 6 + 16 + 120 + 84 + 10);
    expect(net.forward(digits).shape).toEqual([3, 10]);
  });
});

test('what cannot be is refused', () => {
  const refused: readonly [() => unknown, RegExp][] = [
    [() => mlp({ input: 0 }), /input: a number of elements/],
    [() => mlp({ input: [28, 0] }), /input: a number of elements/],
    [() => mlp({ hidden: [3, 0] }), /hidden: a list, each a whole number ≥ 1, got \[3,0\]/],
    [() => mlp({ dropout: 1 }), /dropout: a rate from 0 up to 1/],
    [() => mlp({ activation: 'rleu' as 'relu' }), /activation: one of relu, /],
    [
      () => mlp({ weight: { cnov: weight.conv } as ModelWeights }),
      /mlp, weight: .* cnov; did you mean conv\?/,
    ],
    [() => leNet5({ form: 'lenet' as 'caffe' }), /classic, caffe/],
    [() => leNet5({ input: [11, 28, 1] }), /at least 12 pixels.*11 × 28/],
    [() => leNet5({ input: [28, 28, 0] }), /input: \[height, width, channels\]/],
    [() => leNet5({ classes: 0 }), /classes/],
    [() => leNet5({ channels: [0, 4] }), /channels: two whole numbers ≥ 1/],
    [() => wideResNet({ channels: 1.5 }), /channels/],
    [() => vgg16({ channels: 0 }), /channels/],
    [() => resNet({ depth: 21 }), /6·n \+ 2.*21/],
    [() => wideResNet({ depth: 20 }), /6·n \+ 4/],
    [() => denseNet({ depth: 4 }), /3·n \+ 4/],
    [() => denseNet({ growth: 0.5 }), /growth/],
    [() => vgg16({ hidden: [0] }), /hidden/],
  ];
  for (const [make, message] of refused) {
    expect(make).toThrow(ArgumentError);
    expect(make).toThrow(message);
  }
  expect(() => leNet5().forward(photographs)).toThrow(ShapeError);
});
