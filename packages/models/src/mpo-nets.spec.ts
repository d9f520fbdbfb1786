import { type Module, mpo, scope, tensor, tensorTrain } from '@funhash/layers';
import { describe, expect, test } from 'vitest';
import { denseNet, leNet5, type ModelWeights, mlp, vgg16, wideResNet } from './index.ts';

type Layer = readonly [inModes: number[], outModes: number[], bonds: number, dense: number, stored: number];

/** The layers that Gao et al. 2020 make matrix product operators, by columns and rows: modes, bonds and counts. */
const published: Readonly<Record<string, Readonly<Record<string, Layer>>>> = {
  fc2: {
    '784→256': [[4, 7, 7, 4], [4, 4, 4, 4], 4, 200_704, 1024],
    '256→10': [[4, 4, 4, 4], [1, 10, 1, 1], 4, 2560, 736],
  },
  leNet5: {
    '400→120': [[2, 10, 10, 2], [2, 5, 6, 2], 4, 48_000, 1792],
    '120→84': [[2, 5, 6, 2], [2, 3, 7, 2], 4, 10_080, 944],
    '84→10': [[2, 3, 7, 2], [1, 5, 2, 1], 2, 840, 124],
  },
  vgg16: {
    '2048→2048': [[2, 8, 8, 8, 2], [2, 8, 8, 8, 2], 4, 4_194_304, 3104],
    '512→4096': [[4, 4, 4, 4, 2], [4, 4, 8, 8, 4], 4, 2_097_152, 1376],
    '4096→4096': [[4, 4, 8, 8, 4], [4, 4, 8, 8, 4], 4, 16_777_216, 2432],
    '4096→10': [[4, 4, 8, 8, 4], [1, 10, 1, 1, 1], 4, 40_960, 928],
  },
  wideResNet: {
    '16384→16384': [[2, 4, 4, 4, 4, 4, 4, 2], [2, 4, 4, 4, 4, 4, 4, 2], 4, 16_384 ** 2, 1568],
    '256→10': [[4, 4, 4, 4], [1, 5, 2, 1], 3, 2560, 276],
  },
  denseNet: { '448→10': [[4, 4, 7, 4], [1, 5, 2, 1], 4, 4480, 576] },
};

/** Those layers as operators, all others plain. */
const operators =
  (net: string): ModelWeights =>
  ({ rows, cols, kernelSize }) => {
    const layer = published[net]?.[`${cols}→${rows}`];
    if (!layer || kernelSize > 1) return undefined;
    const [inModes, outModes, bonds] = layer;
    return mpo({ inModes, outModes, bonds });
  };

const nets: Readonly<Record<string, () => Module>> = {
  fc2: () => mlp({ input: 784, hidden: [256], weight: operators('fc2') }),
  leNet5: () => leNet5({ weight: operators('leNet5') }),
  vgg16: () => vgg16({ flat: 2, hidden: [4096, 4096], channels: 64, weight: operators('vgg16') }),
  wideResNet: () => wideResNet({ depth: 22, width: 4, flat: 1, weight: operators('wideResNet') }),
  denseNet: () => denseNet({ weight: operators('denseNet') }),
};

describe.each(Object.entries(nets))('%s of the MPO paper', (name, make) => {
  test('each operator has as many values as published', () => {
    const rows = make()
      .summary()
      .rows.filter(({ kind }) => kind === 'mpo');
    const found = rows.map(({ shape, virtualCount, storedCount }) => [
      `${shape[1]}→${shape[0]}`,
      virtualCount,
      storedCount,
    ]);
    const expected = Object.entries(published[name] ?? {}).map(([key, layer]) => [key, layer[3], layer[4]]);
    // The two convolutions of VGG are two layers alike.
    expect(new Set(found.map(String))).toEqual(new Set(expected.map(String)));
    expect(found).toHaveLength(name === 'vgg16' ? 5 : expected.length);
  });
});

test('ratios of the MPO paper: FC2 0.0087, LeNet-5 0.0485', () => {
  const totals = (net: string): [number, number] => {
    const layers = Object.values(published[net] ?? {});
    const sum = (at: 3 | 4): number => layers.reduce((all, layer) => all + layer[at], 0);
    return [sum(3), sum(4)];
  };
  expect(totals('fc2')).toEqual([203_264, 1760]);
  expect(totals('leNet5')).toEqual([58_920, 2860]);
});

test('flat layers keep the shape of an image', () => {
  const net = vgg16({
    channels: 4,
    flat: 3,
    hidden: [8],
    weight: ({ role, cols }) => (role === 'fc' && cols === 128 ? mpo({ bonds: 2 }) : undefined),
  });
  const wide = wideResNet({ depth: 10, width: 1, channels: 2, flat: 2, weight: { fc: mpo({ bonds: 2 }) } });
  scope(() => {
    const x = tensor(new Float32Array(2 * 32 * 32 * 3), [2, 32, 32, 3]);
    for (const each of [net, wide]) expect(each.forward(x).shape).toEqual([2, 10]);
  });
  expect(() => vgg16({ flat: 4 })).toThrow('flat: a whole number from 0 to 3');
});

describe('parameters of Novikov et al. 2015', () => {
  // Images of 28 × 28 pixels in the middle of 32 × 32.
  const net = (ranks: number): Module =>
    mlp({
      input: [32, 32, 1],
      hidden: [1024],
      weight: ({ role }) =>
        role === 'fc'
          ? tensorTrain({ inModes: [4, 8, 8, 4], outModes: [4, 8, 8, 4], ranks })
          : tensorTrain({ inModes: [4, 8, 8, 4], outModes: [1, 2, 5, 1], ranks }),
    });

  test('both layers of the MNIST net: 12 602 at ranks 8, 7 698 at ranks 6, biases included', () => {
    expect(net(8).summary().total.storedCount).toBe(12_602);
    expect(net(6).summary().total.storedCount).toBe(7698);
  });
});
