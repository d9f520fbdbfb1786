import { ArgumentError } from '@funhash/hashing';
import { tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { schemeLaws } from '../testing.ts';
import { createWeight } from '../weight/create-weight.ts';
import { Parameter } from '../weight/parameter.ts';
import { Weight } from '../weight/weight.ts';
import { cp } from './cp.ts';

describe('cp obeys', () => {
  for (const law of schemeLaws(cp)) test(law.name, law.check);
});

describe('two terms on modes 2 × 2 and 1 × 2, by hand', () => {
  // F₁[i₁, r, j₁] and F₂[i₂, r, j₂].
  const stored = { f1: [1, 2, 3, 4, 5, 6, 7, 8], f2: [1, -1, 2, 10, -1, 0.5, 3, 1] };
  const options = { inModes: [2, 2], outModes: [2, 2], terms: 2 };
  const { definition } = cp;
  const shape = { rows: 4, cols: 4 };
  const parameters = Object.entries(definition.stored(options, shape)).map(([name, extents]) =>
    Parameter.of(name, Float64Array.from(stored[name as 'f1']), extents, { dtype: 'f64' }),
  );
  const weight = new Weight({ definition, options, ...shape, parameters, policy: 'tile' });
  // V[(i₁, i₂), (j₁, j₂)] = Σᵣ F₁[i₁, r, j₁]·F₂[i₂, r, j₂]; the first entry is 1·1 + 3·2.
  const matrix = [
    [1 + 6, -1 + 30, 2 + 8, -2 + 40],
    [-1 + 9, 0.5 + 3, -2 + 12, 1 + 4],
    [5 + 14, -5 + 70, 6 + 16, -6 + 80],
    [-5 + 21, 2.5 + 7, -6 + 24, 3 + 8],
  ];

  test('is the matrix', () => {
    expect(weight.decode().toArray()).toEqual(matrix);
    expect(weight.rowsAt(tensor(Int32Array.of(3, 0))).toArray()).toEqual([matrix[3], matrix[0]]);
  });

  test('multiplies as the matrix does', () => {
    const x = [1, -2, 0.5, 3];
    const products = matrix.map((row) => row.reduce((total, v, j) => total + v * (x[j] as number), 0));
    const product = weight.matmul(
      tensor(x, [1, 4], { dtype: 'f64' }),
      tensor([1, 1, 1, 1], [4], { dtype: 'f64' }),
    );
    expect(product.toArray()).toEqual([products.map((y) => y + 1)]);
  });
});

test('terms are as many as the budget allows, modes as equal as can be', () => {
  const weight = createWeight(cp({ ratio: 1 / 8 }), { rows: 64, cols: 784 });
  expect(weight.options.inModes).toEqual([4, 7, 7, 4]);
  expect(weight.options.outModes).toHaveLength(4);
  const each = weight.storedCount / (weight.options.terms as number);
  expect(weight.storedCount).toBeLessThanOrEqual((64 * 784) / 8);
  expect(weight.storedCount + each).toBeGreaterThan((64 * 784) / 8);
});

test.each([
  [cp({ inModes: [3, 5], outModes: [3, 4], terms: 1 }), /products 30 and 12.*3×5 and 3×4/],
  [cp({ inModes: [3, 10], outModes: [12], terms: 1 }), /as many inModes as outModes/],
  [cp({ inModes: [], outModes: [], terms: 1 }), /as many inModes/],
  [cp({ values: 5 }), /room for the smallest form/],
])('%# is refused', (request, message) => {
  expect(() => createWeight(request, { rows: 12, cols: 30 })).toThrow(ArgumentError);
  expect(() => createWeight(request, { rows: 12, cols: 30 })).toThrow(message);
});
