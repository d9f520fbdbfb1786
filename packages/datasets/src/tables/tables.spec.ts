import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadTable } from './load-table.ts';
import { readTable } from './read-table.ts';
import { tableInputs } from './table-inputs.ts';
import { tableTransformation } from './transformation.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const header = 'size;colour;sold;town;rooms;price';
const towns = ['Rome', 'Oslo', 'Bern'];
/** Forty houses, of which every seventh has no size. */
const houses = [
  header,
  ...Array.from({ length: 40 }, (_, k) =>
    [
      k % 7 === 3 ? 'NA' : String(50 + k),
      k % 2 === 0 ? 'red' : 'blue',
      `2020-01-${String(1 + (k % 28)).padStart(2, '0')}`,
      towns[k % 3],
      '4',
      String(1000 + 10.5 * k),
    ].join(';'),
  ),
].join('\r\n');

describe('a table', () => {
  test('numbers, dates, categories, and what says nothing', async () => {
    const table = await loadTable(bytes(houses), { target: 'price' });
    expect(table.columns.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      ...['size number', 'colour category', 'sold date', 'town category', 'rooms ignored', 'price target'],
    ]);
    expect(table).toMatchObject({ dtype: 'f32', inputShape: [2 + 2 + 3 + 3], targetShape: [1] });
    expect(table.train.count + table.test.count).toBe(40);
    const [zero, one] = table.targetScale as [number, number];
    const mean = [...(table.train.targets as Float32Array)].reduce((a, b) => a + b, 0) / table.train.count;
    expect(mean).toBeCloseTo(0, 5);
    expect(one - zero).toBeGreaterThan(50);
  });

  test('inputs of training rows have mean 0 and deviation 1, a missing one is 0 and says so', async () => {
    const { train, inputShape } = await loadTable(bytes(houses), { target: 'price' });
    const width = inputShape[0] as number;
    const column = (k: number): number[] =>
      Array.from({ length: train.count }, (_, row) => train.inputs[row * width + k] as number);
    const [sizes, isMissing] = [column(0), column(1)];
    const present = sizes.filter((_, k) => isMissing[k] === 0);
    expect(present.length).toBeLessThan(sizes.length);
    expect(sizes.every((size, k) => isMissing[k] === 0 || size === 0)).toBe(true);
    const mean = present.reduce((a, b) => a + b, 0) / present.length;
    const squares = present.reduce((a, b) => a + (b - mean) ** 2, 0) / present.length;
    expect([mean, squares]).toEqual([expect.closeTo(0, 5), expect.closeTo(1, 5)]);
    for (const k of [0, 1]) expect(new Set(column(2 + k))).toEqual(new Set([0, 1]));
  });

  test('classes by the target, the split by a column, kinds as asked', async () => {
    const text = 'part,n,label\ntrain,1,b\ntrain,2,a\ntest,3,b\ntrain,1,\n';
    const table = await loadTable(bytes(text), { target: 'label', split: 'part', kinds: ['n=category'] });
    expect(table.classNames).toEqual(['a', 'b']);
    expect([...(table.train.labels ?? [])]).toEqual([1, 0]);
    expect([table.test.count, table.leftOut]).toEqual([1, 1]);
    // A value that training has not seen has no input of its own.
    expect([...table.test.inputs]).toEqual([0, 0]);
  });

  test('words of one column as the only input; any cardinality in as many inputs', async () => {
    const rows = Array.from({ length: 60 }, (_, k) => ({
      body: k % 2 ? `good film ${k} indeed` : `bad film ${k} alas`,
      id: `u${k % 70}`,
      stars: k % 2,
    }));
    const lines = rows.map((row) => JSON.stringify(row)).join('\n');
    const table = await loadTable(bytes(lines), {
      target: 'stars',
      text: 'body',
      textBuckets: 4,
      format: 'jsonl',
    });
    expect(table.inputShape).toEqual([4]);
    const { columns } = table.transformation;
    // In all texts, or in half of them.
    expect(columns).toMatchObject([{ kind: 'words', name: 'body' }]);
    const { words } = columns[0] as { readonly words: readonly (readonly [string, number])[] };
    expect(words[0]).toEqual(['film', 1]);
    expect(
      words
        .slice(1)
        .map(([word]) => word)
        .sort(),
    ).not.toContain('film');
    for (const [, weight] of words.slice(1)) expect(weight).toBeCloseTo(1 + Math.log(2), 0);
    const hashed = await loadTable(bytes(lines), {
      target: 'stars',
      kinds: ['body=text'],
      ignore: ['id'],
      textBuckets: 64,
      format: 'jsonl',
    });
    expect(hashed.inputShape).toEqual([64]);
    const many = await loadTable(bytes(lines), {
      target: 'stars',
      kinds: ['id=hashed'],
      buckets: 8,
      ignore: ['body'],
      format: 'jsonl',
    });
    expect(many.inputShape).toEqual([8]);
  });

  test('counted rows are drawn by the seed', async () => {
    const options = { target: 'price', trainCount: 10, testCount: 3 } as const;
    const [a, b, other] = await Promise.all([
      loadTable(bytes(houses), options),
      loadTable(bytes(houses), options),
      loadTable(bytes(houses), { ...options, seed: 1 }),
    ]);
    expect([a.train.count, a.test.count]).toEqual([10, 3]);
    expect(a.train.inputs).toEqual(b.train.inputs);
    expect(a.train.inputs).not.toEqual(other.train.inputs);
  });

  test.each<[string, string, object, RegExp]>([
    [
      'a column that is not there',
      houses,
      { target: 'prise' },
      /one of the columns size, .* got prise.*Did you mean price/,
    ],
    ['an option that is not there', houses, { target: 'price', tset: 0.1 }, /did you mean test/],
    [
      'rows of other lengths',
      'a,b\n1,2\n1,2,3\n',
      { target: 'b' },
      /2 fields, as the header has, got 3 in row 2/,
    ],
    ['two columns of one name', 'a,a\n1,2\n', { target: 'a' }, /different names/],
    ['no rows', 'a,b\n', { target: 'a' }, /rows for training, got none of 0/],
    ['nothing', '', { target: 'a' }, /a header/],
    ['other bytes', 'a,b\n\u0000', { target: 'b' }, /2 fields/],
    ['texts as numbers', houses, { target: 'town', task: 'number' }, /numbers in town/],
    ['nested JSON', '{"a":{"b":1}}', { target: 'a', format: 'jsonl' }, /got a nested value in row 1/],
    ['lists', '[1,2]', { target: 'a', format: 'json' }, /a JSON object/],
    ['an unknown kind', houses, { target: 'price', kinds: ['size=numbr'] }, /a kind being one of number/],
  ])('%s is refused', async (_, text, options, message) => {
    await expect(loadTable(bytes(text), options as never)).rejects.toThrow(message);
  });

  test('a quote that nobody closes ends early', async () => {
    const endless = new Uint8Array(2 ** 24).fill(97);
    endless.set(bytes('a,b\n1,"'));
    await expect(loadTable(endless, { target: 'a' })).rejects.toThrow(/a quote that is not closed in row 1/);
  });

  test('cells come back as they were written, wherever chunks end', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', 'é', ' ', '€'), maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell), { maxLength: 6 }),
        fc.nat(70_000),
        async (rows, pad) => {
          const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
          const all = [['x'.repeat(pad), 'end'], ...rows];
          const text = `a,b\n${all.map((row) => row.map(quoted).join(',')).join('\n')}\n`;
          const read: string[][] = [];
          for await (const chunk of readTable('test', new Blob([text])))
            for (const row of chunk.rows) read.push([...row]);
          expect(read).toEqual(all);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('new rows', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'table-'));
    await writeFile(join(dir, 'houses.csv'), houses);
  });
  afterAll(() => rm(dir, { recursive: true }));

  test('become the inputs of training, from a path and from a Blob, columns in any order', async () => {
    const path = join(dir, 'houses.csv');
    const table = await loadTable(path, { target: 'price', test: 0.5 });
    const turned = houses
      .split('\r\n')
      .map((line) => line.split(';').reverse().join(';'))
      .join('\n');
    for (const source of [path, new Blob([houses]), new File([turned], 'turned.csv')]) {
      const batches = [];
      for await (const batch of tableInputs(source, table.transformation)) batches.push(batch);
      const inputs = batches.flatMap((batch) => [...batch.inputs]);
      const width = table.inputShape[0] as number;
      expect(inputs).toHaveLength(40 * width);
      const rows = (values: ArrayLike<number>, count: number): string[] =>
        Array.from({ length: count }, (_, k) =>
          Array.from(values)
            .slice(k * width, (k + 1) * width)
            .join(),
        );
      const all = new Set(rows(inputs, 40));
      for (const row of rows(table.train.inputs, table.train.count)) expect(all).toContain(row);
    }
  });

  test('need the columns of training', async () => {
    const { transformation } = await loadTable(bytes(houses), { target: 'price' });
    const read = async (text: string): Promise<void> => {
      for await (const _ of tableInputs(bytes(text), transformation));
    };
    await expect(read('Size;colour;sold;town\n1;2;3;4')).rejects.toThrow(
      /the column size.*Should Size have that name/,
    );
  });

  test('a transformation from a file is not trusted', async () => {
    const { transformation } = await loadTable(bytes(houses), { target: 'price' });
    expect(tableTransformation(JSON.parse(JSON.stringify(transformation)))).toEqual(transformation);
    for (const damage of [
      {},
      { ...transformation, columns: [] },
      { ...transformation, columns: [{ kind: 'hashed', name: 'a', buckets: 1e12 }] },
      { ...transformation, columns: [{ kind: '__proto__', name: 'a' }] },
      { ...transformation, columns: [{ kind: 'words', name: 'a', words: [] }] },
      { ...transformation, columns: [{ kind: 'words', name: 'a', words: [['b', -1]] }] },
      { ...transformation, columns: [{ kind: 'words', name: 'a', words: ['b'] }] },
      { ...transformation, columns: [null] },
      { ...transformation, more: 1 },
      { ...transformation, target: { name: 'a', std: 0 } },
      undefined,
    ])
      expect(() => tableTransformation(damage)).toThrow(/tableTransformation/);
  });
});

test('whole numbers with a row or two each are fitted, also where they are few', async () => {
  const rows = Array.from({ length: 20 }, (_, i) => `${i},${i % 3},${10 * (i % 17) + i}`).join('\n');
  const fitted = await loadTable(new TextEncoder().encode(`a,b,price\n${rows}\n`), { target: 'price' });
  expect(fitted.classes).toBeUndefined();
  const told = await loadTable(new TextEncoder().encode(`a,b,price\n${rows}\n`), { target: 'b' });
  expect(told.classes).toBe(3);
});

test('a test without any class of the training rows is refused before a net is trained', async () => {
  const rows = Array.from({ length: 12 }, (_, i) => `${i},name ${i}`).join('\n');
  await expect(loadTable(new TextEncoder().encode(`a,name\n${rows}\n`), { target: 'name' })).rejects.toThrow(
    /test rows with a name that training rows have, got none of/,
  );
});

test('test rows of a class that no training row has count, and are told', async () => {
  const text = 'part,n,name\ntrain,1,b\ntrain,2,d\ntest,3,b\ntest,4,a\ntest,5,c\ntest,6,c\n';
  const table = await loadTable(new TextEncoder().encode(text), { target: 'name', split: 'part' });
  expect(table.classNames).toEqual(['a', 'b', 'c', 'd']);
  expect([...(table.train.labels ?? [])]).toEqual([1, 3]);
  expect([...(table.test.labels ?? [])]).toEqual([1, 0, 2, 2]);
  expect(table.unseen).toBe(3);
});
