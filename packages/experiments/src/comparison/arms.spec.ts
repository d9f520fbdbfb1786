import { describe, expect, test } from 'vitest';
import { SpecError } from '../errors.ts';
import { buildNet } from '../nets/build-net.ts';
import { armKinds, armOf, budgetOf, netBudget } from './arms.ts';

const mlp = (widths: readonly number[]) => ({
  model: 'mlp',
  input: [28, 28, 1] as const,
  classes: 10,
  widths,
});

const nets = [
  { widths: [784, 1000, 10], ratios: [1 / 8, 1 / 16, 1 / 64] },
  { widths: [784, 500, 500, 10], ratios: [1 / 8] },
];

const storedBy = (scheme: string, ratio: number, widths: readonly number[]): number => {
  const arm = armOf(scheme, ratio, mlp(widths));
  const net = buildNet({ ...arm, activation: 'relu', dropout: 0, seed: 3 });
  expect(net.summary().total.storedCount).toBe(
    net.parameters().reduce((sum, { value }) => sum + value.size, 0),
  );
  return net.summary().total.storedCount;
};

test('the budget of the papers: 784-1000-10 at 1/64', () => {
  expect(budgetOf([784, 1000, 10], 1 / 64)).toBe(12_250 + 156 + 1010);
});

/** Whose sizes come in steps, of ranks or terms. */
const inSteps = ['kronecker', 'mpo', 'tensorTrain'];

/** Made for the rows of embeddings: their smallest form is larger than what an output layer of ten rows gets. */
const forRows = ['hashEmbedding', 'quotientRemainder'];
const sizedApart = [
  'freshNet',
  'binary',
  'stochasticBinary',
  'ternary',
  'lsq',
  'levels',
  ...inSteps,
  ...forRows,
];

test.each(inSteps)('%s never stores more than the others, and at most a tenth less', (scheme) => {
  for (const { widths, ratios } of nets)
    for (const ratio of ratios.filter((each) => each > 1 / 64)) {
      const budget = budgetOf(widths, ratio);
      const stored = storedBy(scheme, ratio, widths);
      expect(stored).toBeLessThanOrEqual(budget);
      expect(stored).toBeGreaterThan(0.9 * budget);
    }
});

describe('all arms store the same number of values, within 1 %', () => {
  for (const { widths, ratios } of nets)
    for (const ratio of ratios)
      test.each([
        ...armKinds.filter((kind) => !sizedApart.includes(kind)),
        'funHash,dual',
        'funHash,hops=2',
        'tiles,shared',
      ])(`${widths.join('-')} at ${ratio.toFixed(4)}: %s`, (scheme) => {
        const budget = budgetOf(widths, ratio);
        const stored = storedBy(scheme, ratio, widths);
        expect(Math.abs(stored - budget) / budget, `${stored} for ${budget}`).toBeLessThan(0.01);
      });
});

test('baselines are not starved in the output layer', () => {
  const widths = [784, 1000, 10];
  expect(armOf('lowRank', 1 / 64, mlp(widths)).weights.at(-1)).toBe('dense');
  expect(armOf('randomEdgeRemoval', 1 / 64, mlp(widths)).weights.at(-1)).toBe(
    'randomEdgeRemoval:values=2000',
  );
  expect(armOf('narrow', 1 / 64, mlp(widths)).widths).toEqual([784, 17, 10]);
  expect(armOf('narrow', 1 / 64, mlp(widths)).takesDropout).toBe(false);
  expect(armOf('hashedNet', 1 / 64, mlp(widths)).takesDropout).toBe(true);
});

test.each([
  ['hashedNet:1/64', /no size/],
  ['dense', /narrow/],
  ['hashnet', /names among/],
  ['funHash,hashes=3', /hashes: one of/],
])('refuses %s', (scheme, message) => {
  expect(() => armOf(scheme, 1 / 64, mlp([784, 1000, 10]))).toThrow(SpecError);
  expect(() => armOf(scheme, 1 / 64, mlp([784, 1000, 10]))).toThrow(message);
});

describe('nets of convolutions', () => {
  const lenet = { model: 'lenet5', input: [28, 28, 1] as const, classes: 10, widths: [6, 16, 120, 84] };
  const resnet = { model: 'resnet20', input: [32, 32, 3] as const, classes: 10, widths: [16] };

  test('the budget is the ratio of all weights, and all of the rest', () => {
    expect(netBudget(lenet, 1)).toBe(61_706);
    expect(netBudget(lenet, 1 / 16)).toBe(9 + 150 + 3000 + 630 + 53 + 236);
    expect(netBudget(resnet, 1)).toBe(269_722);
  });

  for (const [shape, ratio] of [
    [lenet, 1 / 16],
    [lenet, 1 / 64],
    [resnet, 1 / 16],
  ] as const)
    test.each(['funHash', 'hashedNet', 'freshNet', 'productHash', 'tiles,shared', 'narrow'])(
      `${shape.model} at ${ratio}: %s stores what it may`,
      (scheme) => {
        const arm = armOf(scheme, ratio, shape);
        expect(arm.weights[0]).toBe('dense');
        const net = buildNet({ ...arm, activation: 'relu', dropout: 0, seed: 3 });
        const { storedCount } = net.summary().total;
        const budget = netBudget(shape, ratio);
        expect(arm.budget).toBe(budget);
        // Channels are whole numbers: a narrow net comes near.
        const most = scheme === 'narrow' ? 0.06 : 0.001;
        expect(Math.abs(storedCount - budget) / budget, `${storedCount} for ${budget}`).toBeLessThan(most);
      },
    );

  test('kernels by frequencies, dense layers hashed', () => {
    const { weights } = armOf('freshNet', 1 / 16, lenet);
    expect(weights.map((text) => text.split(':')[0])).toEqual([
      'dense',
      'freshNet',
      'hashedNet',
      'hashedNet',
      'hashedNet',
    ]);
    expect(weights[1]).toMatch(/kernel=5/);
    expect(() => armOf('freshNet', 1 / 16, mlp([784, 1000, 10]))).toThrow(/a model with convolutions/);
  });

  test('trains have the places of a filter in their first core', () => {
    const { weights } = armOf('tensorTrain', 1 / 8, lenet);
    expect(weights[1]).toMatch(/^tensorTrain:.*kernel=5/);
    expect(weights.slice(2).join()).not.toMatch(/kernel/);
  });

  test('low rank keeps the head plain, and says where it has no room', () => {
    const arm = armOf('lowRank', 1 / 8, lenet);
    expect(arm.weights.at(-1)).toBe('dense');
    expect(new Set(arm.weights.slice(1, -1).map((text) => text.split(':')[0]))).toEqual(new Set(['lowRank']));
    const net = buildNet({ ...arm, activation: 'relu', dropout: 0, seed: 3 });
    expect(net.summary().total.storedCount).toBeLessThan(1.01 * arm.budget);
    expect(() => armOf('lowRank', 1 / 64, lenet)).toThrow(/room for rank 1/);
    expect(() => armOf('hashedNet', 1 / 10_000, lenet)).toThrow(/a value for each layer/);
  });
});

test('a basis serves the layers that have images for input', () => {
  const { weights } = armOf('dct2d(hashedNet),height=28,width=28,keep=12', 1 / 64, mlp([784, 1000, 10]));
  expect(weights).toEqual([
    'dct2d(hashedNet):values=12250,height=28,width=28,keep=12',
    'hashedNet:values=156',
  ]);
  const net = buildNet({
    ...mlp([784, 1000, 10]),
    weights,
    activation: 'relu',
    dropout: 0,
    seed: 1,
  });
  expect(net.summary().total.storedCount).toBe(13_416);
});
