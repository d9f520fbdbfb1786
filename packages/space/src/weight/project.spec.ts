import { ArgumentError } from '@funhash/hashing';
import { tensor } from '@funhash/tensor';
import { expect, test } from 'vitest';
import { dense, funHash, hashedNet, lowRank, productHash } from '../schemes/index.ts';
import { valuesOf } from '../testing/subject.ts';
import { createWeight } from './create-weight.ts';
import { project } from './project.ts';

const shape = { rows: 8, cols: 12 };
const matrix = (f: (row: number, col: number) => number) =>
  tensor(
    Float64Array.from({ length: 96 }, (_, at) => f(Math.floor(at / 12), at % 12)),
    [8, 12],
  );
const target = matrix((row, col) => Math.sin(row * 12 + col));

test('HashedNets: every bucket gets the mean of its signed entries, the least-squares solution', () => {
  const weight = createWeight(hashedNet({ values: 20 }), shape);
  project(weight, target);
  const fitted = [...weight.decode().dataSync()];
  const values = [...(valuesOf(weight)[0] as Float64Array)];
  const wanted = target.dataSync();
  let checked = 0;
  values.forEach((value) => {
    const signed = fitted.flatMap((entry, k) =>
      Math.abs(Math.abs(entry) - Math.abs(value)) < 1e-12
        ? [(wanted[k] as number) * Math.sign(entry * value)]
        : [],
    );
    if (signed.length === 0) return;
    checked++;
    expect(value).toBeCloseTo(signed.reduce((total, x) => total + x, 0) / signed.length, 5);
  });
  expect(checked).toBeGreaterThan(15);
});

test('dense: the target itself', () => {
  const weight = createWeight(dense(), shape);
  const { errorAfter } = project(weight, target);
  expect(errorAfter).toBeLessThan(1e-7);
  expect(weight.decode().dataSync()).toEqual(Float32Array.from(target.dataSync()));
});

test('low rank: a matrix of that rank is found', () => {
  const weight = createWeight(lowRank({ rank: 2 }), shape);
  const { errorBefore, errorAfter } = project(
    weight,
    matrix((row, col) => Math.cos(row) * Math.sin(col) + row * Math.exp(-col / 5)),
    { steps: 60 },
  );
  expect(errorBefore).toBeGreaterThan(0.5);
  expect(errorAfter).toBeLessThan(1e-3);
});

test.each([
  ['funHash', funHash({ values: 40 })],
  ['productHash', productHash({ values: 40 })],
])('%s comes nearer', (_, request) => {
  const weight = createWeight(request, shape);
  const { errorBefore, errorAfter } = project(weight, target, { steps: 10, iterations: 30 });
  expect(errorAfter).toBeLessThan(0.95 * errorBefore);
});

test('no steps change nothing', () => {
  const weight = createWeight(funHash({ values: 40 }), shape);
  const [before, version] = [valuesOf(weight), weight.parameters[0]?.version];
  const { errorBefore, errorAfter } = project(weight, target, { steps: 0 });
  expect(errorAfter).toBe(errorBefore);
  expect(valuesOf(weight)).toEqual(before);
  expect(weight.parameters[0]?.version).toBe(version);
});

test('a fitted matrix does not change again', () => {
  const weight = createWeight(hashedNet({ values: 20 }), shape);
  project(weight, target);
  const again = project(weight, target);
  expect(again.errorAfter).toBeLessThanOrEqual(again.errorBefore);
  expect(again.errorBefore - again.errorAfter).toBeLessThan(1e-7);
});

test('targets of another shape, or not finite, are refused and change nothing', () => {
  const weight = createWeight(hashedNet({ values: 20 }), shape);
  const before = valuesOf(weight);
  expect(() => project(weight, tensor(new Float64Array(96), [12, 8]))).toThrow('a target of shape [8, 12]');
  for (const stranger of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const wrong = matrix((row, col) => (row === 3 && col === 4 ? stranger : 0));
    expect(() => project(weight, wrong)).toThrow(ArgumentError);
    expect(() => project(weight, wrong)).toThrow('finite');
  }
  expect(valuesOf(weight)).toEqual(before);
});
