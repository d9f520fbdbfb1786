import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { tableOf } from './table.ts';
import { widthOf, wrapped } from './wrap.ts';

// As in a terminal without colours, wherever this runs: CI has them on.
vi.hoisted(() => {
  process.env.NO_COLOR = '1';
});

const header = [
  'scheme',
  'ratio',
  'net',
  'stored values',
  'bytes on disk',
  'step',
  'validation error %',
  'test error %',
  's / epoch',
];
const rows = [
  [
    'funHash,hashes=8,dual',
    '1/64',
    '784-1000-10',
    '13 416',
    '55 012',
    '0.27',
    '3.21 ± 0.12',
    '3.05 ± 0.10',
    '12.3',
  ],
  [
    'randomEdgeRemoval',
    '1/64',
    '784-1000-10',
    '13 416',
    '55 012',
    '0.27',
    '13.21 ± 0.12',
    '14.05 ± 0.10',
    '9.8',
  ],
];
const spare = ['s / epoch', 'net', 'step', 'bytes on disk'];

const widest = (text: string): number => Math.max(...text.split('\n').map(widthOf));

test.each([52, 80, 200])('a comparison fits %i columns, with the numbers that matter', (columns) => {
  const table = wrapped(tableOf(header, rows, columns, spare), columns);
  expect(widest(table)).toBeLessThanOrEqual(columns);
  for (const number of ['1/64', '13 416', '3.21 ± 0.12', '14.05 ± 0.10']) expect(table).toContain(number);
  for (const title of spare) {
    const isThere = table.split('\n')[0]?.includes(title.split(' ')[0] as string);
    expect(isThere || new RegExp(`Left out for want of room: .*${title}`, 's').test(table)).toBe(true);
  }
});

test('without a limit every row is a line', () => {
  expect(tableOf(header, rows).split('\n')).toHaveLength(3);
});

test('where not even that helps, rows are told in lines of their own', () => {
  expect(
    tableOf(['name', 'a number with a long title', 'another one'], [['x', '1 234 567', '0.5 %']], 20),
  ).toBe('x\n  a number with a long title\n    1 234 567\n  another one\n    0.5 %');
});

test('wide characters count twice', () => {
  const [, first, second] = tableOf(
    ['name', 'n'],
    [
      ['数字', '1'],
      ['ab', '22'],
    ],
  ).split('\n');
  expect([first, second]).toEqual(['数字   1', 'ab    22']);
});

const cell = fc.oneof(
  fc.integer({ max: 10 ** 7 }).map(String),
  fc.string({ unit: fc.constantFrom('a', 'B', '/', '-', ',', ' ', '=', '7'), maxLength: 30 }),
);

test('no table is wider than asked, but for words that cannot be broken; nothing but blanks is lost', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 30, max: 100 }),
      (cells, columns) => {
        const table = tableOf(['one', 'two', 'three'], cells, columns);
        expect(widest(table)).toBeLessThanOrEqual(columns);
        const kept = (text: string): string => [...text.replace(/[\s·]/g, '')].sort().join('');
        const given = kept(cells.flat().join(''));
        const shown = kept(table.replaceAll(/\b(one|two|three)\b/g, ''));
        expect(shown).toBe(given);
      },
    ),
    { seed: 5, numRuns: 300 },
  );
});
