import { add, gradientsOf, multiply, sum } from '@funhash/autodiff';
import { ArgumentError, OptionError } from '@funhash/hashing';
import { type Tensor, type TypedArray, tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { dct2d } from '../bases/dct2d.ts';
import { virtualConv } from '../ops/virtual-conv.ts';
import type { MatrixShape, WeightRequest } from '../scheme.ts';
import * as schemes from '../schemes/index.ts';
import { schemeSamples } from '../testing.ts';
import { inBasis } from '../wrappers/in-basis.ts';
import { createWeight } from './create-weight.ts';
import { Parameter } from './parameter.ts';
import { project } from './project.ts';
import { SharedSpace } from './shared-space.ts';

const wave = (...extents: number[]): Tensor => {
  const values = Float64Array.from({ length: extents.reduce((a, b) => a * b) }, (_, k) => Math.sin(k + 1));
  return tensor(values, extents);
};

const hashed = schemes.hashedNet({ ratio: 1 / 2 });

const weights: readonly [name: string, request: WeightRequest, shape: MatrixShape][] = [
  ...Object.entries(schemeSamples()).flatMap(([name, samples]) =>
    samples.flatMap(({ requests, shape }) =>
      requests.map((request, k): [string, WeightRequest, MatrixShape] => [`${name} ${k}`, request, shape]),
    ),
  ),
  ['hashedNet kept decoded', schemes.hashedNet({ ratio: 1 / 2, policy: 'step' }), { rows: 6, cols: 18 }],
  ['hashedNet in a basis', inBasis(dct2d({ height: 3, width: 3, keep: 2 }), hashed), { rows: 6, cols: 18 }],
];

describe.each(weights)('%s in f64', (_, request, shape) => {
  const weight = createWeight(request, { ...shape, seed: 2, dtype: 'f64' });
  const stored = weight.parameters.map(({ value }) => value);
  const ids = tensor(Int32Array.of(4, 0, 4));
  const { rows, cols } = shape;
  const convolved = (): Tensor => virtualConv(wave(1, 2, 2, cols), weight.kernel, { kernel: [1, 1] });
  // Pseudo-gradients are no difference quotients.
  const isSmooth = !request.scheme.definition.sample?.except?.includes('adjoint');

  test('is made of f64 alone, in every use', () => {
    const outputs = [
      weight.decode(),
      weight.rowsAt(ids),
      weight.matmul(wave(2, cols), wave(rows)),
      convolved(),
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
    expect(stored.some((value) => value.dataSync().some((x) => Math.fround(x) !== x))).toBe(true);
  });

  test('has gradients in f64, those of central differences', () => {
    const uses = [
      () => sum(multiply(weight.decode(), wave(rows, cols))),
      () => sum(multiply(weight.rowsAt(ids), wave(3, cols))),
      () => sum(multiply(weight.matmul(wave(2, cols)), wave(2, rows))),
      () => sum(multiply(convolved(), wave(1, 2, 2, rows))),
    ];
    for (const use of uses) {
      const [, gradients] = gradientsOf(use, stored);
      for (const gradient of gradients) expect(gradient.dtype).toBe('f64');
      if (!isSmooth) continue;
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
    if (!isSmooth) return;
    const target = createWeight(request, { ...shape, seed: 2, std: 0.4, dtype: 'f64' }).decode();
    const { errorBefore, errorAfter } = project(weight, target, { steps: 3, iterations: 20 });
    expect(errorAfter).toBeLessThan(errorBefore);
    for (const { value } of weight.parameters) expect(value.dtype).toBe('f64');
  });
});

describe('a shared space of f64', () => {
  const shape = { rows: 6, cols: 18 };
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
