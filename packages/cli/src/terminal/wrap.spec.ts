import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shown } from './paint.ts';
import { barLine } from './progress.ts';
import { cut, widthOf, wrapped } from './wrap.ts';

test('lines are broken between words, as far in as they began; longer words stay whole', () => {
  expect(wrapped('  one two three\nfour', 9)).toBe('  one two\n  three\nfour');
  expect(wrapped('in /a/long/path/to/a/file, it is', 10)).toBe('in\n/a/long/path/to/a/file,\nit is');
  expect(wrapped('one two', undefined)).toBe('one two');
});

test('a command goes on after a backslash, a flag beside its value', () => {
  expect(wrapped('  $ funhash train --epochs 3 --out runs/a', 26)).toBe(
    '  $ funhash train \\\n      --epochs 3 \\\n      --out runs/a',
  );
});

test('no line of words is wider than asked', () => {
  const text = fc.array(fc.string({ unit: fc.constantFrom('a', 'é', '数', '-'), maxLength: 8 }));
  fc.assert(
    fc.property(text, fc.integer({ min: 16, max: 60 }), (words, columns) => {
      const broken = wrapped(words.join(' '), columns);
      for (const line of broken.split('\n')) expect(widthOf(line)).toBeLessThanOrEqual(columns);
      expect(broken.split(/\s+/).filter(Boolean)).toEqual(words.filter(Boolean));
    }),
    { seed: 6, numRuns: 200 },
  );
});

test('a text is cut with a mark', () => {
  expect([cut('abcdef', 4), cut('数字数字', 5), cut('ab', 2)]).toEqual(['abc…', '数字…', 'ab']);
});

test.each([20, 52, 80, 200])('a task under way is one line of %i columns, its numbers first', (columns) => {
  const state = { name: 'randomEdgeRemoval 1/64 rate 0.27 seed 3', total: 400, from: 0, since: 0 };
  for (const done of [0, 1, 199, 400]) {
    const line = shown(barLine({ ...state, done, detail: 'loss 0.1234' }, columns, 1000));
    expect(widthOf(line)).toBeLessThanOrEqual(columns);
    expect(line).toContain(`${Math.floor(done / 4)}%`);
    if (columns >= 52) expect(line).toContain('loss 0.1234');
    if (columns >= 80) expect(line).toContain('█'.repeat(done === 199 ? 3 : 0));
  }
});
