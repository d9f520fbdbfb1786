import { ArgumentError, random } from '@funhash/hashing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normalValues } from '../weight/start-values.ts';
import { product, transposed } from './plain-matrix.ts';
import fixtures from './symmetric-eigen.fixtures.json' with { type: 'json' };
import { symmetricEigen } from './symmetric-eigen.ts';

const largestOf = (values: Float64Array): number =>
  values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

function expectNear(actual: Float64Array, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual).toHaveLength(expected.length);
  expect(largestOf(actual.map((x, k) => x - (expected[k] as number)))).toBeLessThanOrEqual(tolerance);
}

/** A·vᵢ = λᵢ·vᵢ, orthonormal vᵢ, λ descending, Σλ = the trace, Σλ² = ‖A‖². */
function expectEigen(matrix: Float64Array, size: number): Float64Array {
  const { values, vectors } = symmetricEigen(matrix, size);
  const norm = Math.sqrt(size) * largestOf(matrix);
  const rounding = 2 ** -52 * (10 + 2 * size);
  expectNear(
    product(vectors, matrix, size, size, size),
    vectors.map((x, at) => x * (values[Math.floor(at / size)] as number)),
    rounding * norm,
  );
  const identity = Float64Array.from({ length: size * size }, (_, at) => (at % (size + 1) === 0 ? 1 : 0));
  expectNear(product(vectors, transposed(vectors, size, size), size, size, size), identity, rounding);
  expect([...values]).toEqual([...values].sort((a, b) => b - a));
  const trace = matrix.reduce((sum, x, at) => (at % (size + 1) === 0 ? sum + x : sum), 0);
  expect(Math.abs(values.reduce((sum, x) => sum + x, 0) - trace)).toBeLessThanOrEqual(rounding * size * norm);
  return values;
}

function symmetric(size: number, entry: (row: number, col: number) => number): Float64Array {
  return Float64Array.from({ length: size * size }, (_, at) => {
    const [row, col] = [Math.floor(at / size), at % size];
    return entry(Math.max(row, col), Math.min(row, col));
  });
}

describe.each(fixtures)('$name', ({ size, matrix, values }) => {
  test('has the eigenvalues that LAPACK finds, and their vectors', () => {
    const found = expectEigen(Float64Array.from(matrix), size);
    expectNear(found, values, 1e-14 * size * largestOf(Float64Array.from(values)));
  });

  test.each([1e-300, 1e-120, 2 ** -40, 1e140, 1e300])('at the scale %d', (scale) => {
    const scaled = symmetricEigen(
      Float64Array.from(matrix, (x) => x * scale),
      size,
    );
    const most = largestOf(Float64Array.from(values)) * scale;
    expectNear(
      scaled.values.map((x) => x / most),
      values.map((x) => (x * scale) / most),
      1e-14 * size,
    );
  });
});

test('any symmetric matrix', () =>
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 24 }),
      fc.nat(),
      fc.constantFrom(
        (x: number) => x,
        // Many equal entries, zeros among them: reflections that are not needed, parts that fall apart.
        (x: number) => Math.round(x),
        (x: number) => Math.sign(Math.round(x / 2)),
        // Entries of very different size.
        (x: number) => Math.sign(x) * 10 ** (8 * x),
        (x: number) => (Math.abs(x) > 1.5 ? x * 1e-170 : 0),
      ),
      (size, seed, change) => {
        const draw = normalValues(random(seed), size * size, 1);
        expectEigen(
          symmetric(size, (row, col) => change(draw[row * size + col] as number)),
          size,
        );
      },
    ),
    { seed: 3, numRuns: 300 },
  ));

test('a Gram matrix of more rows than columns has eigenvalues 0', () => {
  const [rows, cols] = [60, 7];
  const a = normalValues(random(4), rows * cols, 1);
  const values = expectEigen(product(a, transposed(a, rows, cols), rows, cols, rows), rows);
  expect(values[6]).toBeGreaterThan(1);
  expect(largestOf(values.subarray(7))).toBeLessThan(1e-12);
});

test('large enough that turns are applied in parts', () => {
  const size = 150;
  const draw = normalValues(random(5), size * size, 1);
  expectEigen(
    symmetric(size, (row, col) => draw[row * size + col] as number),
    size,
  );
});

test.each([1, 2, 3, 4, 5, 9])('zeros, and the identity, of %i rows', (size) => {
  expect([...symmetricEigen(new Float64Array(size * size), size).values]).toEqual(Array(size).fill(0));
  const identity = symmetric(size, (row, col) => (row === col ? 1 : 0));
  expect([...expectEigen(identity, size)]).toEqual(Array(size).fill(1));
  const diagonal = symmetric(size, (row, col) => (row === col ? (row * 7) % 5 : 0));
  expectEigen(diagonal, size);
});

test('one entry', () => {
  expect(symmetricEigen(Float64Array.of(-3), 1)).toEqual({
    values: Float64Array.of(-3),
    vectors: Float64Array.of(1),
  });
});

test('entries above the diagonal are not used, and nothing is changed', () => {
  const lower = Float64Array.of(2, 99, 1, 2);
  expectNear(symmetricEigen(lower, 2).values, [3, 1], 1e-15);
  expect([...lower]).toEqual([2, 99, 1, 2]);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])('%d is refused', (stranger) => {
  expect(() => symmetricEigen(Float64Array.of(1, stranger, stranger, 1), 2)).toThrow(ArgumentError);
});
