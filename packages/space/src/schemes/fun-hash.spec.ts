import { gradientsOf, sum } from '@funhash/autodiff';
import { ArgumentError, below, signOf, xxHash32Words } from '@funhash/hashing';
import { tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { schemeLaws } from '../testing.ts';
import { createWeight } from '../weight/create-weight.ts';
import { SharedSpace } from '../weight/shared-space.ts';
import { funHash } from './fun-hash.ts';
import { expectGolden, goldenNames } from './golden.spec-kit.ts';
import { hashedNet } from './hashed-net.ts';

const shape = { rows: 9, cols: 25 };

describe('funHash obeys', () => {
  for (const law of schemeLaws(funHash)) test(law.name, law.check);
});

describe('funHash on a shared space obeys', () => {
  const request = () => funHash({ space: new SharedSpace({ values: 50 }) });
  for (const law of schemeLaws(request, { shape: { rows: 8, cols: 11 } })) test(law.name, law.check);
});

test.each(goldenNames('funHash'))('golden values: %s', (name) => expectGolden(funHash, name));

test('one hash and the identity are HashedNets, bit for bit', () => {
  const size = { values: 40 };
  const fun = createWeight(funHash({ ...size, hashes: 1, layers: 1 }), { ...shape, seed: 3 });
  const hashed = createWeight(hashedNet(size), { ...shape, seed: 3 });
  expect(fun.storedCount).toBe(hashed.storedCount);
  expect(fun.parameters.map(({ value }) => value.dataSync())).toEqual(
    hashed.parameters.map(({ value }) => value.dataSync()),
  );
  expect(fun.decode().dataSync()).toEqual(hashed.decode().dataSync());
  const x = tensor(
    Float32Array.from({ length: 50 }, (_, k) => Math.sin(k)),
    [2, 25],
  );
  const [value, gradients] = [fun, hashed]
    .map((weight) => gradientsOf(() => sum(weight.matmul(x)), [weight.parameters[0]?.value as typeof x, x]))
    .map(([total, found]) => [total.item(), ...found.map((g) => g.dataSync())]) as [unknown, unknown];
  expect(value).toEqual(gradients);
});

test.each([
  [{}, [40 - 10, 8, 2]],
  [{ layers: 2 }, [40 - 4, 4]],
  [{ layers: 4 }, [40 - 26, 16, 8, 2]],
  [{ hashes: 8, layers: 2 }, [40 - 8, 8]],
  [{ hashes: 1 }, [40 - 2, 1, 1]],
  [{ dual: true }, [36, 4]],
  [{ dual: true, dualBuckets: 9 }, [31, 9]],
  [{ hashes: 2, hops: 3 }, [40 - 9, 2, 1, 2, 1, 2, 1]],
  [{ hashes: 2, hops: 2, dual: true }, [36, 2, 2]],
  [{ biases: true }, [40 - 13, 8, 2, 2, 1]],
  [{ layers: 4, biases: true }, [40 - 33, 16, 4, 8, 2, 2, 1]],
  [{ hashes: 2, layers: 2, hops: 2, biases: true }, [40 - 6, 2, 1, 2, 1]],
  [{ dual: true, dualScaled: false, biases: true }, [36, 4]],
] satisfies [Parameters<typeof funHash>[0], number[]][])(
  'the weights of g are taken out of the budget: %o',
  (options, sizes) => {
    const weight = createWeight(funHash({ values: 40, ...options }), shape);
    expect(weight.parameters.map(({ value }) => value.size)).toEqual(sizes);
    expect(weight.storedCount).toBe(40);
  },
);

test.each([
  [{ values: 10 }, '11 values'],
  [{ values: 30, hashes: 16 }, 'room for the smallest form'],
  [{ values: 2, dual: true, dualBuckets: 2 }, '3 values'],
  [{ values: 40, layers: 1 }, 'layers ≥ 2'],
  [{ values: 40, hashes: 1, layers: 1, biases: true }, 'layers ≥ 2 where g has biases'],
  [{ values: 40, dualScaled: false }, 'dual: true'],
  [{ values: 40, hashes: 1, layers: 1, dual: true, dualScaled: false }, 'layers ≥ 2'],
  [{ values: 40, hashes: 3 }, 'one of 1, 2, 4, 8, 16'],
  [{ values: 40, hops: 0 }, 'a whole number from 1 to 4'],
  [{ values: 40, hops: 5 }, 'a whole number from 1 to 4'],
  [{ values: 40, hashes: 2, hops: 2, spread: 2 ** 31 }, 'fewer than 2^32 virtual values'],
] as const)('refused: %o', (request, message) => {
  const make = () => createWeight(funHash(request as Parameters<typeof funHash>[0]), shape);
  expect(make).toThrow(ArgumentError);
  expect(make).toThrow(message);
});

test('g starts nearly linear: the inputs of tanh have standard deviation 0.3', () => {
  const weight = createWeight(funHash({ values: 2000 }), { rows: 50, cols: 100 });
  const [w, a] = weight.parameters.map(({ value }) => [...value.dataSync()]) as [number[], number[]];
  const square = (values: readonly number[]): number => values.reduce((total, x) => total + x * x, 0);
  const size = Math.sqrt(square(w) / w.length);
  for (const row of [a.slice(0, 4), a.slice(4)]) expect(Math.sqrt(square(row)) * size).toBeCloseTo(0.3, 6);
  const overlap = [0, 1, 2, 3].reduce((total, u) => total + (a[u] as number) * (a[4 + u] as number), 0);
  expect(overlap / square(a)).toBeCloseTo(0, 6);
});

test('a matrix of one entry has a finite start', () => {
  for (const request of [funHash({ values: 12 }), funHash({ values: 12, dual: true })]) {
    const weight = createWeight(request, { rows: 1, cols: 1, std: 0.5 });
    expect(Math.abs(weight.decode().item())).toBeCloseTo(0.5, 5);
  }
});

test('hops that would make the formula of an entry huge are refused', () => {
  expect(() => createWeight(funHash({ values: 4000, hashes: 16, hops: 3 }), { rows: 8, cols: 8 })).toThrow(
    /at most 256 reads.*16\^3/,
  );
});

/** xxHash32 of (row, col) as bucket and sign, as the entry formula reads them. */
const read = (values: ArrayLike<number>, row: number, col: number, seed: number): number => {
  const h = xxHash32Words(row, col, seed >>> 0);
  return (values[below(h, values.length)] as number) * signOf(h);
};

test('eq. 12 without constants, with biases, entry by entry', () => {
  const weight = createWeight(
    funHash({ values: 40, hashes: 2, layers: 3, dual: true, dualScaled: false, biases: true, seed: 5 }),
    { ...shape, std: 0.2 },
  );
  expect(weight.scale).toBeUndefined();
  const [w, dual] = weight.parameters.map(({ value }) => value.dataSync()) as [Float32Array, Float32Array];
  const decoded = weight.decode().dataSync();
  for (const [row, col] of [
    [0, 0],
    [3, 7],
    [8, 24],
  ] as const) {
    const x = [0, 1].map((u) => read(w, row, col, 5 + u));
    // α of one hidden unit: two weights, one more of the output, then a bias each.
    const a = [0, 1, 2, 3, 4].map((r) => read(dual, row, col, 5 + 1024 + r)) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const hidden = Math.tanh(a[0] * (x[0] as number) + a[1] * (x[1] as number) + a[3]);
    expect(decoded[row * shape.cols + col]).toBeCloseTo(a[2] * hidden + a[4], 5);
  }
});

test('biases of g start at 0: V is then that without them', () => {
  const [plain, biased] = [{ values: 50 }, { values: 53, biases: true }].map((options) =>
    createWeight(funHash({ ...options, buckets: 40 }), { ...shape, seed: 2 }),
  );
  expect(biased?.decode().dataSync()).toEqual(plain?.decode().dataSync());
});

test.each([0.01, 0.1, 1])('dual space as it stands starts with V of the size %f', (std) => {
  for (const layers of [2, 3, 4] as const)
    for (const hops of [1, 2] as const) {
      const request = funHash({ values: 150, layers, hops, dual: true, dualScaled: false });
      const values = createWeight(request, { rows: 12, cols: 16, std }).decode().dataSync();
      const size = Math.sqrt(values.reduce((total, x) => total + x * x, 0) / values.length);
      expect(size / std, `${layers} layers, ${hops} hops`).toBeCloseTo(1, 3);
    }
});
