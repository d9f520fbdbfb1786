import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runSpec, specHash } from '@funhash/experiments';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exitCodes } from '../main.ts';
import { run } from '../run-command.spec-kit.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'funhash-runs-'));
});
afterAll(() => rm(root, { recursive: true }));

/** A folder as runs leave it; what it has may be damaged. */
async function leave(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const path = join(root, name);
  await mkdir(path, { recursive: true });
  for (const [file, text] of Object.entries(files)) await writeFile(join(path, file), text);
  return path;
}

const epoch = (k: number, errorRate: number): string =>
  JSON.stringify({
    epoch: k,
    step: k,
    loss: 1,
    learningRate: 1,
    seconds: 1,
    validation: { loss: 1, errorRate },
  });

test('an empty place has no runs', async () => {
  expect(await run('runs', join(root, 'none'))).toEqual({
    code: exitCodes.ok,
    lines: '',
    notes: `No runs in ${join(root, 'none')}.`,
  });
});

test('lists runs, also below others, with their state; passes by what is no run', async () => {
  const spec = runSpec({ net: { weights: 'funHash:1/64' }, epochs: 2, seed: 7 });
  await leave('store/one', {
    'spec.json': JSON.stringify(spec),
    'metrics.jsonl': `${epoch(1, 0.25)}\n${epoch(2, 0.5)}\n`,
    'summary.json': JSON.stringify({ testError: 0.125, storedCount: 1, storedBytes: 4 }),
    'model.safetensors': 'x'.repeat(1234),
  });
  await leave('store/compare/runs/two', { 'spec.json': '{}', 'metrics.jsonl': `${epoch(1, 0.75)}\n{"ep` });
  await leave('store/damaged', { 'spec.json': '{"epochs":' });
  await leave('store/other', { 'notes.txt': 'mine' });

  const { code, lines } = await run('runs', join(root, 'store'));
  expect(code).toBe(exitCodes.ok);
  const [header, two, one, ...more] = lines.split('\n');
  expect(header).toMatch(/hash +run +state +epochs +validation error % +test error % +bytes +folder/);
  expect(two).toMatch(/mnist, mlp, dense, seed 0 +stopped +1\/10 +75\.00 +– +– +.*two$/);
  expect(one).toMatch(/mnist, mlp, funHash:1\/64, seed 7 +finished +2\/2 +25\.00 +12\.50 +1 234 +.*one$/);
  expect(one).toContain(specHash(spec));
  expect(more).toEqual([]);

  const listed = JSON.parse((await run('runs', join(root, 'store'), '--json')).lines);
  expect(listed.map(({ state }: { state: string }) => state)).toEqual(['stopped', 'finished']);
  expect(listed[1].spec).toEqual(spec);
});

test('help tells what a run is', async () => {
  expect((await run('runs', '--help')).lines).toMatch(/A run is a folder with spec\.json[\s\S]*Examples:/);
});
