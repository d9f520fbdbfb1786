import { expect, test } from 'vitest';
import { confusionHtml } from './confusion.ts';

test('rows are the classes, columns the answers; the mistakes made most are named', () => {
  const html = confusionHtml(
    [
      [8, 2, 0],
      [0, 5, 0],
      [7, 0, 0],
    ],
    'a <net>',
  );
  expect(html).toContain('title="2 of class 0 taken for 1">2</td>');
  expect(html).toContain('title="7 of class 2 taken for 0">7</td>');
  expect(html).toContain('Confusion matrix of a &lt;net&gt;');
  expect(html).toContain('Taken most often: 2 for 0 (7 of 7), 0 for 1 (2 of 10).');
  expect(html.match(/class="sum">([\d.]+)<\/td><\/tr>/g)?.map((cell) => /([\d.]+)/.exec(cell)?.[1])).toEqual([
    '20.0',
    '0.0',
    '100.0',
  ]);
});

test('a class without images, and a net without mistakes', () => {
  expect(
    confusionHtml(
      [
        [3, 0],
        [0, 0],
      ],
      'x',
    ),
  ).toMatch(/<td class="sum">0<\/td><td class="sum">–<\/td>/);
  expect(
    confusionHtml(
      [
        [3, 0],
        [0, 0],
      ],
      'x',
    ),
  ).toContain('All 3 test samples are right.');
  expect(confusionHtml([], 'x')).toBe('');
});

test('47 classes are small cells', () => {
  const counts = Array.from({ length: 47 }, (_, k) =>
    Array.from({ length: 47 }, (_, j) => (j === k ? 400 : 0)),
  );
  const html = confusionHtml(counts, 'x');
  expect(html).toContain('class="confusion small"');
  expect(html.match(/<td class="right"/g)).toHaveLength(47);
});
