import { add, gradientsOf, multiply, sum } from '@funhash/autodiff';
import { ArgumentError, OptionError } from '@funhash/hashing';
import { type Tensor, type TypedArray, tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { dct2d } from '../bases/dct2d.ts';
import { virtualConv } from '../ops/virtual-conv.ts';
import type { WeightRequest } from '../scheme.ts';
import * as schemes from '../schemes/index.ts';
import { inBasis } from '../wrappers/in-basis.ts';
import { Parameter } from './parameter.ts';
import { project } from './project.ts';
import { SharedSpace } from './shared-space.ts';
import { createWeight } from './weight.ts';

const shape = { rows: 6, cols: 18 };
const wave = (...extents: number[]): Tensor => {
  const values = Float64Array.from({ length: extents.reduce((a, b) => a * b) }, (_, k) => Math.sin(k + 1));
  return tensor(values, extents);
};

const requests = {
  binary: schemes.binary(),
  dense: schemes.dense(),
  freshNet: schemes.freshNet({ kernel: 3, ratio: 1 / 2 }),
  funHash: schemes.funHash({ ratio: 1 / 2 }),
  hashedNet: schemes.hashedNet({ ratio: 1 / 2 }),
  kronecker: schemes.kronecker({ ratio: 1 / 2 }),
  lowRank: schemes.lowRank({ rank: 2 }),
  lsq: schemes.lsq({ bits: 4 }),
  mpo: schemes.mpo({ bonds: 2, boundary: 2 }),
  productHash: schemes.productHash({ ratio: 1 / 2 }),
  randomEdgeRemoval: schemes.randomEdgeRemoval({ ratio: 1 / 2 }),
  robe: schemes.robe({ ratio: 1 / 2 }),
  stochasticBinary: schemes.stochasticBinary(),
  tensorTrain: schemes.tensorTrain({ ranks: 2 }),
  ternary: schemes.ternary(),
  tiles: schemes.tiles({ ratio: 1 / 2, side: 2 }),
} satisfies Record<keyof typeof schemes, WeightRequest>;

/** What a gradient is not a difference quotient of. */
const rounded = ['binary', 'lsq', 'stochasticBinary', 'ternary'];

const all = {
  ...requests,
  'hashedNet kept decoded': schemes.hashedNet({ ratio: 1 / 2, policy: 'step' }),
  'hashedNet in a basis': inBasis(dct2d({ height: 3, width: 3, keep: 2 }), requests.hashedNet),
};

describe.each(Object.entries(all))('%s in f64', (name, request) => {
  const weight = createWeight(request, { ...shape, seed: 2, dtype: 'f64' });
  const stored = weight.parameters.map(({ value }) => value);
  const ids = tensor(Int32Array.of(4, 0, 4));

  test('is made of f64 alone, in every use', () => {
    const outputs = [
      weight.decode(),
      weight.rowsAt(ids),
      weight.matmul(wave(2, 18), wave(6)),
      virtualConv(wave(1, 4, 4, 2), weight.kernel, { kernel: [3, 3] }),
    ];
    expect([...stored, ...outputs].map(({ dtype }) => dtype)).toEqual(
      [...stored, ...outputs].map(() => 'f64'),
    );
  });

  test('starts with the values that it has in f32, not rounded to it', () => {
    const single = createWeight(request, { ...shape, seed: 2 });
    for (const [k, value] of stored.entries())
      expect(Float32Array.from(value.dataSync())).toEqual(single.parameters[k]?.value.dataSync());
    expect(weight.spec).toEqual(single.spec);
    if (!name.toLowerCase().includes('binary'))
      expect(stored.some((value) => value.dataSync().some((x) => Math.fround(x) !== x))).toBe(true);
  });

  test('has gradients in f64, those of central differences', () => {
    const uses = [
      () => sum(multiply(weight.decode(), wave(6, 18))),
      () => sum(multiply(weight.rowsAt(ids), wave(3, 18))),
      () => sum(multiply(weight.matmul(wave(2, 18)), wave(2, 6))),
      () => sum(multiply(virtualConv(wave(1, 4, 4, 2), weight.kernel, { kernel: [3, 3] }), wave(1, 2, 2, 6))),
    ];
    for (const use of uses) {
      const [, gradients] = gradientsOf(use, stored);
      for (const gradient of gradients) expect(gradient.dtype).toBe('f64');
      if (rounded.includes(name)) continue;
      const directions = stored.map(({ shape: extents }) => wave(...extents));
      const slope = gradients.reduce(
        (total, gradient, k) => total + sum(multiply(gradient, directions[k] as Tensor)).item(),
        0,
      );
      const along = (amount: number): number => {
        const before = stored.map((value) => value.dataSync().slice());
        weight.parameters.forEach((parameter, k) => {
          parameter.assign(add(parameter.value, multiply(directions[k] as Tensor, amount)));
        });
        const result = use().item();
        weight.parameters.forEach((parameter, k) => {
          parameter.assign(tensor(before[k] as TypedArray, parameter.value.shape));
        });
        return result;
      };
      const [step, scale] = [1e-5, Math.max(1, Math.abs(slope))];
      expect(Math.abs((along(step) - along(-step)) / (2 * step) - slope)).toBeLessThan(1e-7 * scale);
    }
  });

  test('is fitted in f64', () => {
    if (rounded.includes(name)) return;
    const target = createWeight(request, { ...shape, seed: 2, std: 0.4, dtype: 'f64' }).decode();
    const { errorBefore, errorAfter } = project(weight, target, { steps: 3, iterations: 20 });
    expect(errorAfter).toBeLessThan(errorBefore);
    for (const { value } of weight.parameters) expect(value.dtype).toBe('f64');
  });
});

describe('a shared space of f64', () => {
  const space = new SharedSpace({ values: 60, dtype: 'f64' });

  test('makes weights of f64', () => {
    const weight = createWeight(schemes.funHash({ space }), shape);
    for (const { value } of weight.parameters) expect(value.dtype).toBe('f64');
    expect(weight.matmul(wave(2, 18)).dtype).toBe('f64');
  });

  test('refuses another dtype', () => {
    const make = () => createWeight(schemes.hashedNet({ space }), { ...shape, dtype: 'f32' });
    expect(make).toThrow(ArgumentError);
    expect(make).toThrow('hashedNet: expected dtype f64, as the shared space space, got f32.');
  });
});

test('a parameter takes no other options', () => {
  const rule = { bound: [0, 1] } as object;
  expect(() => Parameter.of('w', Float32Array.of(1), [1], rule)).toThrow(OptionError);
  expect(() => Parameter.of('w', Float32Array.of(1), [1], rule)).toThrow('did you mean bounds?');
});
