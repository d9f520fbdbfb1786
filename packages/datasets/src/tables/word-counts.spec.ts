import { expect, test } from 'vitest';
import { ColumnStatistics } from './column-statistics.ts';
import { rowEncoder } from './encode-row.ts';
import fixtures from './word-counts.fixtures.json' with { type: 'json' };
import { WordCounts } from './word-counts.ts';

test('inputs of texts are the tf-idf of scikit-learn, as long as rows are here', () => {
  const { texts, words, rows } = fixtures;
  const statistics = new ColumnStatistics('body');
  for (const text of texts) statistics.add(text);
  const found = statistics.commonestWords(100);
  expect(found.map(([word]) => word).sort()).toEqual([...words].sort());
  const column = { kind: 'words', name: 'body', words: found } as const;
  const write = rowEncoder({ kind: 'table', columns: [column], target: { name: 'stars' } }, [0]);
  const length = Math.sqrt(found.length) / 4;
  for (const [k, text] of texts.entries()) {
    const inputs = new Float32Array(found.length);
    write([text], inputs, 0);
    for (const [at, [word]] of found.entries())
      expect(inputs[at]).toBeCloseTo(length * (rows[k]?.[words.indexOf(word)] as number), 3);
  }
});

test('a text of no known word is nothing, whatever its length', () => {
  const column = { kind: 'words', name: 'a', words: [['film', 2]] } as const;
  const write = rowEncoder({ kind: 'table', columns: [column], target: { name: 'b' } }, [0]);
  const inputs = new Float32Array(1);
  write(['other words only'], inputs, 0);
  expect([...inputs]).toEqual([0]);
});

test('any number of words in as much memory: the commonest are known, the rarest forgotten', () => {
  const counts = new WordCounts();
  for (let k = 0; k < 1500; k++)
    counts.add(
      `common ${k % 2 ? 'half' : ''} ${Array.from({ length: 100 }, (_, i) => `w${k}x${i}`).join(' ')}`,
    );
  expect(counts.texts).toBe(1500);
  expect(counts.commonest(10)).toEqual([
    ['common', 1500],
    ['half', 750],
  ]);
});

test('words of one text alone, and endless ones, are none', () => {
  const counts = new WordCounts();
  for (const text of ['a b', 'a c', `a ${'x'.repeat(41)}`, `a ${'x'.repeat(41)}`]) counts.add(text);
  expect(counts.commonest(10)).toEqual([['a', 4]]);
});
