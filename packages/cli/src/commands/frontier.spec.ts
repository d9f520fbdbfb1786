import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../run-command.spec-kit.ts';

let folder = '';
const at = (...parts: string[]): string => join(folder, ...parts);
const json = (path: string, value: unknown): Promise<void> => writeFile(path, JSON.stringify(value));

/** What `train` and `compress --bytes` leave behind, as far as the frontier reads it. */
async function compressed(name: string, seed: number, bytes: number, file: number): Promise<string> {
  await mkdir(at(name, 'base'), { recursive: true });
  await json(at(name, 'base', 'config.json'), {
    data: 'mnist',
    model: 'small-conv',
    epochs: 3,
    seed,
    threads: 1,
  });
  await json(at(name, 'config.json'), {
    data: 'mnist',
    bytes,
    epochs: 2,
    validation: 5000,
    seed,
    threads: 2,
  });
  await json(at(name, 'report.json'), {
    before: {},
    model: at(name, 'base', 'model.safetensors'),
    fileBytes: bytes - 7,
    testErrors: { before: 0.01, file, fileValidation: file + 0.001 },
  });
  return at(name);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frontier-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('runs that differ by their seeds are a row: kept in a file, on a page and in a chart', async () => {
  const page = at('page.md');
  await writeFile(page, 'before\n<!-- frontier -->\nold\n<!-- end of frontier -->\nafter\n');
  const folders = [
    await compressed('a', 0, 1000, 0.0125),
    await compressed('b', 1, 1000, 0.0105),
    await compressed('c', 0, 2000, 0.008),
  ];
  const rows = at('rows.json');
  const chart = at('chart.svg');
  const files = [rows, '--page', page, '--chart', chart];
  const { code, lines } = await run('frontier', ...files, '--add', ...folders);
  expect(code).toBe(0);
  expect(lines).toMatch(/mnist +993 +1\.15 ± 0\.14 +1\.25 ± 0\.14 +2 +1\.25 1\.05 +1\n/);
  expect(lines).toMatch(/mnist +1 993 +0\.80 +0\.90 +1 +– +2$/);
  const text = await readFile(page, 'utf8');
  expect(text).toMatch(/^before\n<!-- frontier -->\n\n\| data \|[\s\S]*<!-- end of frontier -->\nafter\n$/);
  expect(text).not.toContain('old');
  expect(text).toContain(
    '        funhash compress <the run>/model.safetensors \\\n          --validation 5000 \\\n          --epochs 2 \\\n          --bytes 1000 \\\n          --seed <seed>',
  );
  const svg = await readFile(chart, 'utf8');
  expect(svg.match(/<circle/g)).toHaveLength(2);
  expect(svg).toContain('>1 024<');

  // A run of the same seed takes the place of the earlier one; nothing changes where nothing is new.
  const [stored, again] = [
    await readFile(rows, 'utf8'),
    await run('frontier', ...files, '--add', ...folders),
  ];
  expect([again.lines, await readFile(rows, 'utf8'), await readFile(page, 'utf8')]).toEqual([
    lines,
    stored,
    text,
  ]);
  const better = await run('frontier', rows, '--add', await compressed('b', 1, 1000, 0.0085));
  expect(better.lines).toContain('1.25 0.85');
  expect((await run('frontier', rows)).lines).toBe(better.lines);
});

test('figures of others have a source and are hollow in the chart', async () => {
  const rows = at('others.json');
  const chart = at('others.svg');
  await json(rows, {
    rows: [{ data: 'mnist', source: 'a <paper>', runs: [{ bytes: 1140, test: 0.0098 }] }],
  });
  const { lines } = await run('frontier', rows, '--chart', chart);
  expect(lines).toMatch(/mnist +1 140 +0\.98 +– +– +– +a <paper>$/);
  expect(await readFile(chart, 'utf8')).toContain('fill="white"/>');
  expect(JSON.parse((await run('frontier', rows, '--json')).lines).rows).toHaveLength(1);
  await json(rows, { rows: [] });
  expect((await run('frontier', rows, '--chart', chart)).code).toBe(0);
});

test.each([
  ['no rows', { row: [] }, /rows/],
  ['a row without runs', { rows: [{ data: 'mnist', runs: [] }] }, /row 1.*runs/],
  ['an error of 98', { rows: [{ data: 'mnist', runs: [{ bytes: 1, test: 98 }] }] }, /run 1.*test/],
  ['bytes below 1', { rows: [{ data: 'mnist', runs: [{ bytes: 0, test: 0.1 }] }] }, /run 1.*bytes/],
  ['a row of the wrong kind', { rows: [3] }, /row 1/],
])('%s: refused', async (_, value, message) => {
  const rows = at('wrong.json');
  await json(rows, value);
  const { code, notes } = await run('frontier', rows);
  expect(code).toBe(2);
  expect(notes).toMatch(message);
});

test('where anything is wrong nothing is written', async () => {
  const rows = at('kept.json');
  await json(rows, { rows: [] });
  const page = at('plain.md');
  await writeFile(page, 'no marks');
  const good = await compressed('d', 0, 1000, 0.01);
  const bad = await compressed('e', 0, 1000, 0.01);
  await json(join(bad, 'report.json'), { model: 'x', fileBytes: 10, testErrors: {} });
  for (const args of [
    ['--add', good, bad],
    ['--add', good, '--page', page],
    ['--add', at('none')],
  ]) {
    const { code } = await run('frontier', rows, ...args);
    expect(code).not.toBe(0);
    expect(JSON.parse(await readFile(rows, 'utf8'))).toEqual({ rows: [] });
    expect(await readFile(page, 'utf8')).toBe('no marks');
  }
  expect((await run('frontier', at('absent.json'))).code).toBe(2);
});

test('the page of the documentation, and its chart, are what its rows say', async () => {
  const docs = new URL('../../../../docs/', import.meta.url);
  const [page, chart, kept, drawn] = [
    at('docs.md'),
    at('docs.svg'),
    new URL('frontier.md', docs),
    new URL('frontier.svg', docs),
  ];
  await writeFile(page, await readFile(kept));
  const { code } = await run(
    'frontier',
    fileURLToPath(new URL('frontier.json', docs)),
    '--page',
    page,
    '--chart',
    chart,
  );
  expect(code).toBe(0);
  expect(await readFile(page, 'utf8')).toBe(await readFile(kept, 'utf8'));
  expect(await readFile(chart, 'utf8')).toBe(await readFile(drawn, 'utf8'));
});
