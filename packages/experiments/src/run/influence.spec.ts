import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunResult } from './run-event.ts';
import { runTraining } from './run-training.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'funhash-influence-'));
});
afterAll(() => rm(root, { recursive: true }));

async function resultOf(spec: object): Promise<RunResult> {
  for await (const event of runTraining({ backend: 'reference', ...spec }))
    if (event.type === 'result') return event.result;
  throw new Error('no result');
}

test('a column that decides is worth much, one of noise nothing', async () => {
  const rows = Array.from(
    { length: 200 },
    (_, k) => `${(k * 37) % 101},${(k * 53) % 97},${(k * 37) % 101 > 50 ? 'up' : 'down'}`,
  );
  await writeFile(join(root, 'rows.csv'), ['one,two,is', ...rows].join('\n'));
  const spec = {
    data: { name: join(root, 'rows.csv'), target: 'is', test: 0.5, validation: 10 },
    ...{ net: { widths: [8], dropout: 0 }, epochs: 20, batchSize: 20 },
  };
  const { influence = [] } = await resultOf({ ...spec, judge: { influence: true } });
  expect(influence.map(({ name }) => name)).toEqual(['one', 'two']);
  const [one, two] = influence.map(({ rise }) => rise) as [number, number];
  expect(one).toBeGreaterThan(0.25);
  expect(Math.abs(two)).toBeLessThan(0.1);
  expect(await resultOf(spec)).not.toHaveProperty('influence');
});

test('a picture is taken apart into squares', async () => {
  const { influence = [] } = await resultOf({
    data: { name: 'rect', trainCount: 40, testCount: 30, validation: 10 },
    ...{ net: { widths: [8] }, epochs: 1, batchSize: 20, judge: { influence: true } },
  });
  expect(influence).toHaveLength(49);
});
