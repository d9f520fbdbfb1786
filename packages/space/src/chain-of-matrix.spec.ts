import { ArgumentError, random } from '@funhash/hashing';
import { type Tensor, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import fixtures from './chain-of-matrix.fixtures.json' with { type: 'json' };
import { mpoOf, tensorTrainOf } from './chain-of-matrix.ts';
import { largestRanks } from './contraction/tensor-chain.ts';
import type { WeightRequest } from './scheme.ts';
import { kronecker, lowRank, mpo, tensorTrain } from './schemes/index.ts';
import { createWeight } from './weight/create-weight.ts';
import { project } from './weight/project.ts';
import { normalValues } from './weight/start-values.ts';

const product = (values: readonly number[]): number => values.reduce((a, b) => a * b, 1);

const matrixOf = (values: readonly number[] | Float64Array, rows: number): Tensor =>
  tensor(Float64Array.from(values), [rows, values.length / rows]);

function norm(values: ArrayLike<number>): number {
  return Math.sqrt(Array.from(values).reduce((sum, x) => sum + x * x, 0));
}

/** ‖V − matrix‖ of a weight made by a request, and of the same one fitted by `project`. */
function errorOf(request: WeightRequest, matrix: Tensor): number {
  const [rows, cols] = matrix.shape as [number, number];
  const fitted = createWeight(request, { rows, cols }).decode().dataSync();
  return norm(matrix.dataSync().map((x: number, k: number) => x - (fitted[k] as number)));
}

function projectedError(request: WeightRequest, matrix: Tensor): number {
  const [rows, cols] = matrix.shape as [number, number];
  return project(createWeight(request, { rows, cols }), matrix).errorAfter * norm(matrix.dataSync());
}

describe.each(fixtures.trains)('a train $outModes × $inModes of ranks $ranks', (fixture) => {
  const { inModes, outModes, ranks, tails } = fixture;
  const matrix = matrixOf(fixture.matrix, product(outModes));
  const options = { inModes, outModes };

  test('leaves out at most what the SVDs of its cuts do, which is at most √(d − 1) times the least', () => {
    const { request, error } = tensorTrainOf(matrix, { ...options, ranks });
    const found = errorOf(request, matrix);
    // No train of these ranks leaves out less than a cut must.
    expect(found).toBeGreaterThan(Math.max(...tails) * (1 - 1e-5));
    expect(found).toBeLessThan(norm(tails) * (1 + 1e-5));
    expect(error * fixture.norm).toBeCloseTo(found, 5);
  });

  test('is what project finds, as an operator too, open or in a ring', () => {
    const { error } = tensorTrainOf(matrix, { ...options, ranks });
    for (const request of [
      tensorTrain({ ...options, ranks }),
      mpo({ ...options, bonds: ranks }),
      mpo({ ...options, bonds: ranks, boundary: 3 }),
      mpoOf(matrix, { ...options, bonds: ranks }).request,
      mpoOf(matrix, { ...options, bonds: ranks, boundary: 2 }).request,
    ])
      expect(projectedError(request, matrix)).toBeCloseTo(error * fixture.norm, 5);
  });

  test('is the matrix at full ranks', () => {
    const { request, error } = tensorTrainOf(matrix, { ...options, ranks: largestRanks(inModes, outModes) });
    expect(error).toBeLessThan(1e-7);
    expect(errorOf(request, matrix)).toBeLessThan(1e-6 * fixture.norm);
  });
});

test.each(fixtures.lowRank)(
  'rank $rank of $rows × $cols: the least error',
  ({ rows, rank, least, ...rest }) => {
    expect(projectedError(lowRank({ rank }), matrixOf(rest.matrix, rows))).toBeCloseTo(least, 5);
  },
);

test.each(fixtures.kronecker)(
  '$terms terms of $shapes: the least error',
  ({ shapes, terms, least, ...rest }) => {
    const rows = (shapes[0]?.[0] as number) * (shapes[1]?.[0] as number);
    expect(projectedError(kronecker({ shapes, terms }), matrixOf(rest.matrix, rows))).toBeCloseTo(least, 5);
  },
);

/** Modes of two to four cores, and a matrix of them whose singular values decay. */
const matrices = fc
  .record({
    modes: fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })), {
      minLength: 2,
      maxLength: 4,
    }),
    decay: fc.double({ min: 0, max: 3, noNaN: true }),
    seed: fc.nat(1000),
  })
  .map(({ modes, decay, seed }) => {
    const [inModes, outModes] = [modes.map(([mode]) => mode), modes.map(([, mode]) => mode)];
    const [rows, cols] = [product(outModes), product(inModes)];
    const draw = random(seed);
    const values = new Float64Array(rows * cols);
    for (let r = 0; r < Math.min(rows, cols); r++) {
      const [u, v] = [normalValues(draw, rows, (r + 1) ** -decay), normalValues(draw, cols, 1)];
      for (let at = 0; at < values.length; at++)
        values[at] = (values[at] as number) + (u[Math.floor(at / cols)] as number) * (v[at % cols] as number);
    }
    return { inModes, outModes, matrix: tensor(values, [rows, cols]) };
  });

const relative = (request: WeightRequest, matrix: Tensor): number =>
  errorOf(request, matrix) / norm(matrix.dataSync());

test('a bound of the error is kept, by ranks that are allowed', () =>
  fc.assert(
    fc.property(
      matrices,
      fc.double({ min: -6, max: -0.05, noNaN: true }),
      ({ matrix, ...modes }, exponent) => {
        const relativeError = 10 ** exponent;
        const { request, error } = tensorTrainOf(matrix, { ...modes, relativeError });
        const found = relative(request, matrix);
        expect(found).toBeLessThanOrEqual(relativeError);
        expect(Math.abs(found - error)).toBeLessThan(1e-6);
        const largest = largestRanks(modes.inModes, modes.outModes);
        (request.options.ranks as number[]).forEach((rank, k) => {
          expect(rank).toBeLessThanOrEqual(largest[k] as number);
        });
        const ring = mpoOf(matrix, { ...modes, relativeError, boundary: 2 }).request;
        expect(relative(ring, matrix)).toBeCloseTo(found, 6);
      },
    ),
    { seed: 11, numRuns: 60 },
  ));

test('the error falls as ranks grow, to nothing at the largest', () =>
  fc.assert(
    fc.property(matrices, ({ matrix, inModes, outModes }) => {
      const most = Math.max(1, ...largestRanks(inModes, outModes));
      const errors = [1, 2, 4, 8, most].map(
        (ranks) => tensorTrainOf(matrix, { inModes, outModes, ranks: Math.min(ranks, most) }).error,
      );
      errors.forEach((error, k) => {
        if (k > 0) expect(error).toBeLessThan((errors[k - 1] as number) * 1.05 + 1e-7);
      });
      const ranks = largestRanks(inModes, outModes);
      expect(tensorTrainOf(matrix, { inModes, outModes, ranks }).error).toBeLessThan(1e-6);
    }),
    { seed: 12, numRuns: 40 },
  ));

describe('a request', () => {
  const matrix = matrixOf(normalValues(random(3), 13 * 30, 0.1), 13);

  test('has modes and ranks by a size, within padding', () => {
    const { request, error } = tensorTrainOf(matrix, { ratio: 1 / 2, padding: true });
    const weight = createWeight(request, { rows: 13, cols: 30, seed: 5 });
    expect(weight.storedCount).toBeLessThanOrEqual(195);
    expect(weight.options).toMatchObject({ padding: true });
    // What lies beyond the matrix is not part of its error.
    expect(relative(request, matrix)).toBeLessThanOrEqual(error + 1e-6);
    expect(projectedError(tensorTrain({ ratio: 1 / 2, padding: true }), matrix)).toBeCloseTo(
      errorOf(request, matrix),
      5,
    );
  });

  test('starts with cores of equal size, and as a ring with values that training can use', () => {
    const weight = createWeight(tensorTrainOf(matrix, { ranks: 3 }).request, { rows: 13, cols: 30 });
    const sizes = weight.parameters.map(({ value }) => norm(value.dataSync()) / Math.sqrt(value.size));
    for (const size of sizes) expect(size).toBeCloseTo(sizes[0] as number, 5);
    const ring = createWeight(mpoOf(matrix, { bonds: 2, boundary: 2 }).request, { rows: 13, cols: 30 });
    const last = ring.parameters.at(-1)?.value.dataSync() as Float32Array;
    expect(last.filter((x) => x === 0).length).toBeLessThan(last.length / 2);
  });

  test('of zeros is zeros', () => {
    const zeros = tensor(new Float32Array(12 * 30), [12, 30]);
    for (const options of [{ ranks: 2 }, { relativeError: 0.1 }]) {
      const { request, error } = tensorTrainOf(zeros, options);
      expect(error).toBe(0);
      expect(errorOf(request, zeros)).toBe(0);
    }
  });
});

describe('refused', () => {
  const matrix = matrixOf(normalValues(random(3), 12 * 30, 0.1), 12);
  const modes = { inModes: [3, 5, 2], outModes: [2, 3, 2] };

  test.each([
    [{ ...modes, ranks: [6, 5] }, /ranks\[1\] of at most 4 .*\(at most 6, 4\), got 5/],
    [{ ...modes, ranks: 7 }, /ranks of at most 6/],
    [{ ...modes, inModes: [3, 5, 3], ranks: 2 }, /inModes whose product is the 30 columns.*3×5×3 = 45/],
    [{ ...modes, inModes: [3, 5, 3], relativeError: 0.1 }, /inModes whose product is the 30 columns/],
    [{ ...modes, relativeError: 0 }, /relativeError from 0\.000001 to below 1, got 0/],
    [{ ...modes, relativeError: Number.NaN }, /relativeError from/],
    [{ ...modes, relativeError: 0.1, ranks: 2 }, /one of ratio, values, bytes, ranks and relativeError/],
    [{ ...modes }, /ratio, values or bytes, or the option ranks/],
    [{ ...modes, ranks: 2, bonds: 3 } as object, /unknown option bonds; it takes relativeError/],
  ])('%j', (options, message) => {
    expect(() => tensorTrainOf(matrix, options)).toThrow(ArgumentError);
    expect(() => tensorTrainOf(matrix, options)).toThrow(message);
  });

  test('what is no finite matrix', () => {
    const make = (values: Tensor) => () => tensorTrainOf(values, { ranks: 1 });
    for (const values of [tensor(new Float32Array(6)), tensor(new Float32Array(0), [0, 6])])
      expect(make(values)).toThrow('a matrix [rows, cols]');
    for (const stranger of [Number.NaN, Number.NEGATIVE_INFINITY])
      expect(make(tensor([1, 2, stranger, 4, 5, 6], [2, 3]))).toThrow(ArgumentError);
  });

  test('a layer of other extents', () => {
    const { request } = tensorTrainOf(matrix, { ...modes, ranks: 2 });
    expect(() => createWeight(request, { rows: 30, cols: 12 })).toThrow(ArgumentError);
    const padded = tensorTrainOf(matrix, { inModes: [4, 8], outModes: [3, 4], ranks: 2, padding: true });
    expect(() => createWeight(padded.request, { rows: 12, cols: 31 })).toThrow('a layer of 12 × 30');
  });

  test('a ring of one core', () => {
    const one = { inModes: [30], outModes: [12], bonds: [], boundary: 2 };
    expect(() => mpoOf(matrix, one)).toThrow('at least two cores in a ring');
  });
});
