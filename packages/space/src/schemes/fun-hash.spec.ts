import { gradientsOf, sum } from '@funhash/autodiff';
import { ArgumentError } from '@funhash/hashing';
import { tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { schemeLaws } from '../testing.ts';
import { SharedSpace } from '../weight/shared-space.ts';
import { createWeight } from '../weight/weight.ts';
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
