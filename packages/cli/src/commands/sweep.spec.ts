import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../run-command.spec-kit.ts';

let root: string;
const at = (name: string): string => join(root, name);
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'funhash-sweep-'));
  const base = {
    data: { name: 'rect', trainCount: 80, validation: 20, testCount: 20 },
    net: { widths: [8] },
    epochs: 1,
    batchSize: 20,
    backend: 'reference',
  };
  await writeFile(
    at('sweep.json'),
    JSON.stringify({ base, vary: { 'net.weights': ['dense', 'hashedNet:1/8', 'lowRank:1/999'] } }),
  );
});
afterAll(() => rm(root, { recursive: true }));

test('a sweep tells its best run, reports all, and goes on where it was', async () => {
  const first = await run('sweep', at('sweep.json'), '--out', at('sweep'), '--threads', '1', '--json');
  expect(first.code, first.notes).toBe(0);
  const best = JSON.parse(first.lines) as Record<string, unknown>;
  expect(best).toMatchObject({
    folder: at('sweep'),
    error: expect.any(Number),
    testError: expect.any(Number),
  });
  const html = await readFile(at('sweep/report.html'), 'utf8');
  for (const part of ['All runs', 'Error against bytes', 'What failed', 'lowRank:1/999'])
    expect(html).toContain(part);
  const again = await run('sweep', '--resume', at('sweep'), '--json');
  expect(JSON.parse(again.lines)).toEqual(best);
  // A worker of a queue that has a folder of its own keeps the model file there.
  await rm(at(`sweep/runs/${best.hash}/model.safetensors`));
  const later = await run('sweep', '--resume', at('sweep'), '--json');
  expect(JSON.parse(later.lines)).toEqual(best);
  expect(later.notes).toContain('trained here once more');
  expect((await run('sweep', 'report', at('sweep'))).code).toBe(0);
});

test('what is no sweep is refused, and nothing is written', async () => {
  await writeFile(at('wrong.json'), '{"vary":{"net.weihgts":["dense"]}}');
  const { code, notes } = await run('sweep', at('wrong.json'), '--out', at('never'));
  expect([code, notes]).toEqual([2, expect.stringContaining('did you mean weights?')]);
  expect((await run('sweep')).code).toBe(2);
  expect((await run('sweep', at('sweep.json'), '--threads', '0')).code).toBe(2);
  expect((await run('sweep', '--resume', at('never'))).code).toBe(2);
});
