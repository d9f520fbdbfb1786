import { ArgumentError } from '@funhash/hashing';
import { MemoryError, ShapeError, tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { anyShape, opLaws } from '../testing.ts';
import { repeat, tile } from './tile.ts';

const tiled = (counts: readonly number[]) =>
  anyShape().map((shape) => ({ shapes: [shape] as const, parameters: [counts] as const }));
const repeated = (count: number, axis: number) =>
  anyShape({ minRank: axis < 0 ? -axis : axis + 1 }).map((shape) => ({
    shapes: [shape] as const,
    parameters: [count, { axis }] as const,
  }));

describe('laws', () => {
  for (const counts of [[], [2], [2, 1, 3], [1, 2, 0, 2]])
    for (const law of opLaws(`tile by [${counts}]`, tile, tiled(counts), { runs: 8 }))
      test(law.name, law.check);
  for (const [count, axis] of [
    [2, 0],
    [3, -1],
    [0, 1],
  ] as const)
    for (const law of opLaws(`repeat ${count} times along ${axis}`, repeat, repeated(count, axis), {
      runs: 8,
    }))
      test(law.name, law.check);
});

test('NumPy: tile and repeat of [[1, 2], [3, 4]]', () => {
  const x = tensor([
    [1, 2],
    [3, 4],
  ]);
  expect(tile(x, [2]).toArray()).toEqual([
    [1, 2, 1, 2],
    [3, 4, 3, 4],
  ]);
  expect(tile(x, [2, 1]).toArray()).toEqual([
    [1, 2],
    [3, 4],
    [1, 2],
    [3, 4],
  ]);
  expect(tile(tensor([1, 2]), [2, 1]).toArray()).toEqual([
    [1, 2],
    [1, 2],
  ]);
  expect(repeat(x, 2, { axis: 1 }).toArray()).toEqual([
    [1, 1, 2, 2],
    [3, 3, 4, 4],
  ]);
  expect(repeat(tensor(Int32Array.of(5, 6)), 2).toArray()).toEqual([5, 5, 6, 6]);
});

test('what they do not take', () => {
  const x = tensor([1, 2]);
  expect(() => tile(x, [-1])).toThrow(ShapeError);
  expect(() => tile(x, 2 as never)).toThrow(/counts: a list of whole numbers.*brackets/);
  expect(() => repeat(x, [1, 2] as never)).toThrow(/Use tile/);
  expect(() => repeat(x, 1.5)).toThrow(ArgumentError);
  expect(() => repeat(x, 2, { axis: 1 })).toThrow(ShapeError);
  expect(() => tile(x, [2 ** 40])).toThrow(MemoryError);
});
