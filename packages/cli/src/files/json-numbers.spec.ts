import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseNumbers } from './json-numbers.ts';

const parse = (text: string) =>
  parseNumbers(text, (expected, actual) => {
    throw new RangeError(`expected ${expected}, got ${actual}`);
  });

test('nested lists of any shape are what JSON.parse makes of them', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 4 }),
      fc.infiniteStream(fc.double({ noNaN: true, min: -1e9, max: 1e9 })),
      fc.constantFrom(undefined, 1, '\t'),
      (shape, values, space) => {
        const nested = (axes: readonly number[]): unknown =>
          axes.length === 0
            ? values.next().value
            : Array.from({ length: axes[0] as number }, () => nested(axes.slice(1)));
        const value = nested(shape);
        const text = JSON.stringify(value, null, space);
        const found = parse(text);
        expect(found.shape).toEqual(shape);
        expect(Array.from(found.data)).toEqual([JSON.parse(text)].flat(5).map(Math.fround));
      },
    ),
    { seed: 4, numRuns: 300 },
  );
});

test.each([
  ['', /a number or a list.*character 0, got the end/],
  ['[]', /a number or a list.*character 1/],
  ['[1,]', /character 3/],
  ['[1 2]', /"," or "]" at character 3/],
  ['[1] 2', /nothing behind the numbers at character 4/],
  ['["1"]', /a number or a list/],
  ['{"a":1}', /a number or a list/],
  ['[null]', /a number or a list/],
  ['[NaN]', /a number or a list/],
  ['[01]', /"," or "]"/],
  ['[1e39]', /range of f32/],
  ['[1', /got the end/],
  ['\u009b2J', /a number or a list/],
  [`${'['.repeat(17)}1`, /at most 16 nested lists/],
  ['[[1,2],[3]]', /equal length: 2 members at \[1\], character 9, got 1/],
  ['[[1],[2],[3,4]]', /equal length: 1 members at \[2\].*got 2/],
  ['[[1],2]', /equal length: a list, as elsewhere at \[1\].*got a number/],
  ['[1,[2]]', /equal length: a number, as elsewhere at \[1\].*got a list/],
  ['[[[1],[2]],[[3]]]', /equal length: 2 members at \[1\]/],
])('%s is refused', (text, message) => {
  expect(() => parse(text)).toThrow(message);
});
