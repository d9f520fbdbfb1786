import { ArgumentError, random } from '@funhash/hashing';
import { ShapeError, type Tensor, tensor } from '@funhash/tensor';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyShape, opLaws } from '../testing.ts';
import { takeAlongAxis } from './gather.ts';
import { argSort, sort, topK } from './sort.ts';

const along = (options: { readonly axis: number; readonly descending: boolean }) =>
  anyShape({ minRank: options.axis < 0 ? -options.axis : options.axis + 1 }).map((shape) => ({
    shapes: [shape] as const,
    parameters: [options] as const,
  }));

describe('laws', () => {
  for (const axis of [-1, 0, 1])
    for (const descending of [false, true])
      for (const law of opLaws(`sort along ${axis}`, sort, along({ axis, descending }), { runs: 10 }))
        test(law.name, law.check);
  const top = (x: Tensor, k: number) => topK(x, k, { axis: 0 }).values;
  const sample = anyShape({ minRank: 1, minExtent: 2 }).map((shape) => ({
    shapes: [shape] as const,
    parameters: [2] as const,
  }));
  for (const law of opLaws('topK', top, sample, { runs: 10 })) test(law.name, law.check);
});

test('orders are those of a stable sort', () => {
  const numbers = fc.array(fc.constantFrom(-Infinity, -1, -0, 0, 1, 2, Infinity, Number.NaN), {
    minLength: 1,
    maxLength: 12,
  });
  fc.assert(
    fc.property(numbers, fc.boolean(), (values, descending) => {
      const rank = (value: number): number =>
        Number.isNaN(value) ? Number.MAX_VALUE : Math.max(-9, Math.min(9, value));
      const factor = descending ? -1 : 1;
      const expected = values
        .map((value, k) => [value, k] as const)
        .toSorted(([a], [b]) => factor * (rank(a) - rank(b)))
        .map(([, k]) => k);
      const x = tensor(Float64Array.from(values));
      expect(argSort(x, { descending }).toArray()).toEqual(expected);
      expect(sort(x, { descending }).toArray()).toEqual(expected.map((k) => values[k]));
      const { values: most, indices } = topK(x, 1, { largest: descending });
      expect([most.item(), indices.item()]).toEqual([values[expected[0] as number], expected[0]]);
    }),
    { seed: 3, numRuns: 200 },
  );
});

test('the k largest of each line, with their places', () => {
  const x = tensor(random(1).fillNormal(new Float32Array(24)), [2, 3, 4]);
  for (const axis of [0, 1, 2]) {
    const { values, indices } = topK(x, 2, { axis });
    expect(values.shape).toEqual(x.shape.with(axis, 2));
    expect(indices.dtype).toBe('i32');
    expect(takeAlongAxis(x, indices, { axis }).toArray()).toEqual(values.toArray());
  }
  expect(topK(tensor(Int32Array.of(3, 7, 7)), 2).indices.toArray()).toEqual([1, 2]);
  expect(topK(x, 0).values.shape).toEqual([2, 3, 0]);
});

test.each([4, -1, 0.5, Number.NaN, undefined, '1'])('topK of %s out of 3 is refused', (k) => {
  expect(() => topK(tensor([1, 2, 3]), k as number)).toThrow(ArgumentError);
  expect(() => topK(tensor([1, 2, 3]), k as number)).toThrow(/k: a whole number from 0 to 3/);
});

test('what has no axis is not sorted', () => {
  for (const op of [argSort, sort]) expect(() => op(tensor(1))).toThrow(ShapeError);
  expect(() => topK(tensor(1), 1)).toThrow(ShapeError);
  expect(() => topK(tensor([1]), 1, { sorted: true } as never)).toThrow(/always in order/);
});
