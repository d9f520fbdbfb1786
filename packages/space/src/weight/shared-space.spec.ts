import { add, gradientsOf, sum } from '@funhash/autodiff';
import { ArgumentError } from '@funhash/hashing';
import { tensor, zeros } from '@funhash/tensor';
import { expect, test } from 'vitest';
import { funHash, hashedNet, lowRank, randomEdgeRemoval, robe, tiles } from '../schemes/index.ts';
import { createWeight } from './create-weight.ts';
import { SharedSpace } from './shared-space.ts';

const wave = (rows: number, cols: number) =>
  tensor(
    Float32Array.from({ length: rows * cols }, (_, k) => Math.sin(k + 1)),
    [rows, cols],
  );

test('values have standard deviation 1 and follow from the seed', () => {
  const { parameter } = new SharedSpace({ values: 4000, seed: 2 });
  const values = [...parameter.value.dataSync()];
  expect(Math.sqrt(values.reduce((total, x) => total + x * x, 0) / values.length)).toBeCloseTo(1, 1);
  expect(new SharedSpace({ values: 4000, seed: 2 }).parameter.value.dataSync()).toEqual(
    parameter.value.dataSync(),
  );
  expect(new SharedSpace({ values: 4000, seed: 3 }).parameter.value.dataSync()).not.toEqual(
    parameter.value.dataSync(),
  );
});

test('the gradient of a shared parameter is the sum over the layers that use it', () => {
  const space = new SharedSpace({ values: 100 });
  const first = createWeight(hashedNet({ space }), { rows: 6, cols: 9, seed: 1 });
  const second = createWeight(tiles({ space }), { rows: 4, cols: 6, seed: 2 });
  const own = funHash({ space, hashes: 2 });
  const third = createWeight(own, { rows: 5, cols: 4, seed: 3 });
  for (const weight of [first, second, third]) expect(weight.parameters).toContain(space.parameter);
  const outputs = [
    () => sum(first.matmul(wave(2, 9))),
    () => sum(second.matmul(wave(3, 6))),
    () => sum(third.matmul(wave(2, 4))),
  ] as const;
  const gradientOf = (f: () => ReturnType<typeof sum>): number[] =>
    gradientsOf(f, [space.parameter.value])[1].flatMap((g) => [...g.dataSync()]);
  const apart = outputs.map((output) => gradientOf(output));
  const together = gradientOf(() => outputs.map((output) => output()).reduce((total, y) => add(total, y)));
  together.forEach((g, k) => {
    expect(g).toBeCloseTo(
      apart.reduce((total, gradient) => total + (gradient[k] as number), 0),
      5,
    );
  });
  for (const gradient of apart) expect(gradient.some((g) => g !== 0)).toBe(true);
});

test('layers of other shapes or seeds read other entries', () => {
  const space = new SharedSpace({ values: 100 });
  const [a, b] = [1, 2].map((seed) => createWeight(hashedNet({ space }), { rows: 6, cols: 9, seed }));
  expect(a?.decode().dataSync()).not.toEqual(b?.decode().dataSync());
});

test.each([
  ['hashedNet', hashedNet],
  ['funHash', funHash],
  ['robe', robe],
  ['tiles', tiles],
] as const)('%s: the scale of each layer gives its variance, and is part of its spec', (_, scheme) => {
  const space = new SharedSpace({ values: 500 });
  for (const [rows, cols, std] of [
    [40, 60, 0.1],
    [50, 30, undefined],
  ] as const) {
    const weight = createWeight(scheme({ space }), { rows, cols, ...(std && { std }) });
    const entries = [...weight.decode().dataSync()];
    const found = Math.sqrt(entries.reduce((total, x) => total + x * x, 0) / entries.length);
    expect(found).toBeCloseTo(std ?? Math.sqrt(2 / cols), 5);
    expect(weight.spec).toMatchObject({ space: 'space', scale: weight.scale });
    expect(weight.scale).toBeGreaterThan(0);
  }
});

test('a space of zeros gives no infinite scale', () => {
  const space = new SharedSpace({ values: 20 });
  space.parameter.assign(zeros([20]));
  expect(createWeight(hashedNet({ space }), { rows: 6, cols: 9, std: 0.5 }).scale).toBe(0.5);
});

test('values of the space are counted once and are all that is trainable in a hashed layer', () => {
  const space = new SharedSpace({ values: 50, name: 'pool' });
  const weight = createWeight(hashedNet({ space }), { rows: 6, cols: 9 });
  expect(weight.parameters).toEqual([space.parameter]);
  expect(weight.storedCount).toBe(50);
  expect(weight.options.buckets).toBe(50);
  expect(weight.spec.space).toBe('pool');
});

test.each([0, 1.5, -3, Number.NaN])('%d values are refused', (values) => {
  expect(() => new SharedSpace({ values })).toThrow(ArgumentError);
});

test('schemes whose values cannot be shared refuse a space', () => {
  const space = new SharedSpace({ values: 50 });
  for (const request of [
    lowRank({ space, rank: 1 }),
    randomEdgeRemoval({ space, blockRows: 2, blockCols: 2 }),
  ]) {
    expect(() => createWeight(request, { rows: 6, cols: 9 })).toThrow(ArgumentError);
    expect(() => createWeight(request, { rows: 6, cols: 9 })).toThrow('whose values can be shared');
  }
});
