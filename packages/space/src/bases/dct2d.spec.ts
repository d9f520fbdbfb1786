import { ArgumentError } from '@funhash/hashing';
import { scope, tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { virtualMatmul } from '../ops/virtual-matmul.ts';
import { transposedMatrix } from '../ops/virtual-matrix.ts';
import { hashedNet } from '../schemes/index.ts';
import { createWeight } from '../weight/create-weight.ts';
import { inBasis } from '../wrappers/in-basis.ts';
import { basisMatrix } from './basis.ts';
import fixtures from './dct2d.fixtures.json' with { type: 'json' };
import { dct2d } from './dct2d.ts';

describe.each(fixtures)('$options', ({ options, image, coefficients }) => {
  const matrix = basisMatrix(dct2d.basis, options);

  test.each(['f64', 'f32'] as const)('gives the coefficients that scipy gives, in %s', (dtype) => {
    scope(() => {
      const found = virtualMatmul(tensor(image, [1, image.length], { dtype }), matrix).dataSync();
      expect(found).toHaveLength(coefficients.length);
      found.forEach((value, k) => {
        expect(Math.abs(value - (coefficients[k] as number))).toBeLessThan(dtype === 'f64' ? 1e-12 : 1e-5);
      });
    });
  });

  test('has orthonormal rows: what is put in comes back', () => {
    scope(() => {
      const z = tensor(coefficients, [1, coefficients.length], { dtype: 'f64' });
      const back = virtualMatmul(virtualMatmul(z, transposedMatrix(matrix)), matrix).dataSync();
      back.forEach((value, k) => {
        expect(Math.abs(value - (coefficients[k] as number))).toBeLessThan(1e-12);
      });
    });
  });
});

test('options that fit neither each other nor the weight are refused', () => {
  const make = (options: Parameters<typeof dct2d>[0], cols: number) => () =>
    createWeight(inBasis(dct2d(options), hashedNet({ ratio: 1 / 2 })), { rows: 3, cols });
  expect(make({ height: 4, width: 4, keep: 2 }, 32)).not.toThrow();
  expect(make({ height: 4, width: 4, keep: 5 }, 16)).toThrow(/keep: at most 4/);
  expect(make({ height: 4, width: 4, keep: 2 }, 20)).toThrow(/20 columns.*16 by/);
  expect(make({ height: 4, width: 4, keep: 2, channels: 2 }, 16)).toThrow(ArgumentError);
  expect(make({ height: 4, width: 4 }, 16)).toThrow(/keep/);
  expect(make({ width: 4, keep: 2 }, 16)).toThrow(/height/);
});
