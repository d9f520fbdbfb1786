import { ArgumentError } from '@funhash/hashing';
import { describe, expect, test } from 'vitest';
import { entriesOf } from '../testing/subject.ts';
import { schemeLaws } from '../testing.ts';
import { createWeight } from '../weight/create-weight.ts';
import { SharedSpace } from '../weight/shared-space.ts';
import { expectGolden, goldenNames } from './golden.spec-kit.ts';
import { tiles } from './tiles.ts';

describe('tiles obey', () => {
  for (const law of schemeLaws(tiles, { drawn: 4 })) test(law.name, law.check);
});

describe('tiles of side 16 obey', () => {
  for (const law of schemeLaws(tiles({ values: 270, side: 16 }))) test(law.name, law.check);
});

describe('tiles on a shared space obey', () => {
  for (const law of schemeLaws(() => tiles({ space: new SharedSpace({ values: 70 }) })))
    test(law.name, law.check);
});

test.each(goldenNames('tiles'))('golden values: %s', (name) => expectGolden(tiles, name));

test('a tile lies whole in the stored array, column by column', () => {
  const weight = createWeight(tiles({ values: 100, side: 4 }), { rows: 8, cols: 12 });
  const places = Float64Array.from({ length: 100 }, (_, k) => k + 1);
  const entries = entriesOf(weight.virtual, [places]).map(Math.abs);
  const start = (row: number, col: number): number => entries[row * 12 + col] as number;
  for (let at = 0; at < entries.length; at++) {
    const [row, col] = [Math.floor(at / 12), at % 12];
    const lane = (col % 4) * 4 + (row % 4);
    expect(entries[at]).toBe(start(row - (row % 4), col - (col % 4)) + lane);
  }
});

test.each([
  ['tile', 1],
  ['entry', 2],
] as const)('signs of a %s', (signs, most) => {
  const weight = createWeight(tiles({ values: 100, side: 4, signs }), { rows: 16, cols: 16 });
  const entries = entriesOf(weight.virtual, [new Float64Array(100).fill(1)]);
  const ofTiles = Array.from({ length: 16 }, (_, tile) => {
    const [row, col] = [4 * (tile >> 2), 4 * (tile % 4)];
    return new Set([0, 1, 2, 3].flatMap((i) => [0, 1, 2, 3].map((j) => entries[(row + i) * 16 + col + j])));
  });
  expect(Math.max(...ofTiles.map(({ size }) => size))).toBe(most);
  expect(new Set(entries)).toEqual(new Set([-1, 1]));
});

test('the side follows the budget, unless it is given', () => {
  const shape = { rows: 30, cols: 30 };
  const sideOf = (values: number): unknown => createWeight(tiles({ values }), shape).options.side;
  expect([4, 63, 64, 255, 256, 900].map(sideOf)).toEqual([2, 2, 4, 4, 8, 8]);
  expect(createWeight(tiles({ values: 256, side: 16 }), shape).storedCount).toBe(256);
});

test('an array smaller than a tile is refused', () => {
  const shape = { rows: 30, cols: 30 };
  for (const request of [tiles({ values: 3 }), tiles({ values: 63, side: 8 }), tiles({ buckets: 63 })]) {
    expect(() => createWeight(request, shape)).toThrow(ArgumentError);
    expect(() => createWeight(request, shape)).toThrow('at least one tile');
  }
});
