import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../run-command.spec-kit.ts';

let root: string;
const at = (name: string): string => join(root, name);
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'funhash-own-'));
  const rows = Array.from({ length: 120 }, (_, k) => [
    k % 10,
    k % 3,
    (k % 10) * 3 + (k % 3),
    k % 10 > 4 ? 'high' : 'low',
  ]);
  const text = ['a,"b, c",sum,level', ...rows.map((row) => row.join(','))].join('\n');
  await writeFile(at('rows.csv'), text);
});
afterAll(() => rm(root, { recursive: true }));

test('a table is trained on, reported, and new rows are predicted', async () => {
  const trained = await run(
    'train',
    '--data',
    at('rows.csv'),
    '--target',
    'level',
    '--ignore',
    'sum',
    '--out',
    at('run'),
    '--backend',
    'reference',
    '--epochs',
    '30',
  );
  expect(trained.code, trained.notes).toBe(0);
  expect(trained.lines).toMatch(/test error 0\.00 %/);
  expect(trained.notes).toMatch(/b, c\s+category|b, c\s+number/);
  const report = await readFile(at('run/report.html'), 'utf8');
  for (const part of ['Calibration', 'Columns', 'high', 'rows.csv']) expect(report).toContain(part);
  const told = await run(
    'predict',
    at('run/model.safetensors'),
    '--input',
    at('rows.csv'),
    '--out',
    at('said.csv'),
  );
  expect(told.code, told.notes).toBe(0);
  const [header, first] = (await readFile(at('said.csv'), 'utf8')).split('\n');
  expect(header).toBe('a,"b, c",sum,level,level (predicted),probability (predicted)');
  expect(first).toMatch(/^0,0,0,low,low,0\.9|^0,0,0,low,low,1/);
  const again = await run(
    'predict',
    at('run/model.safetensors'),
    '--input',
    at('rows.csv'),
    '--out',
    at('said.csv'),
  );
  expect(again.code).toBe(2);
  const nowhere = ['--input', at('rows.csv'), '--out', at('no-folder/said.csv')];
  expect(await run('predict', at('run/model.safetensors'), ...nowhere)).toMatchObject({
    code: 2,
    notes: expect.stringContaining('expected a file that can be written'),
  });
});

test('numbers are fitted, and told in their unit', async () => {
  const { code, lines, notes } = await run(
    'train',
    '--data',
    at('rows.csv'),
    '--target',
    'sum',
    '--task',
    'number',
    '--out',
    at('sum'),
    '--backend',
    'reference',
    '--epochs',
    '10',
  );
  expect(code, notes).toBe(0);
  expect(lines).toMatch(/% of the variance is explained; root mean squared error/);
  expect(notes).toContain('the share of their variance that is not explained');
  expect(await readFile(at('sum/report.html'), 'utf8')).toMatch(/not explained, 1 − R²[\s\S]*Residuals/);
});

test('what is not there is told with what is near', async () => {
  const { code, notes } = await run('train', '--data', at('rows.csv'), '--target', 'levle');
  expect([code, notes]).toEqual([2, expect.stringContaining('Did you mean level?')]);
  expect((await run('train', '--data', at('rows.csv'))).notes).toContain('--target');
  expect((await run('train', '--data', 'mnits')).notes).toContain('Did you mean mnist?');
  expect((await run('train', '--data', 'rect', '--target', 'x')).notes).toContain('got target');
  expect((await run('train', '--data', at('rows.csv'), '--target', 'level', '--shift', '1')).notes).toContain(
    'expected images',
  );
});

test('a folder of pictures: 48 for training, seen 40 times without dropout, tell day from night', async () => {
  for (const [name, level] of [
    ['day', 220],
    ['night', 20],
  ] as const) {
    await mkdir(at(`pictures/${name}`), { recursive: true });
    for (let k = 0; k < 30; k++) {
      const picture = new PNG({ width: 9 + (k % 3), height: 10 });
      picture.data.fill(255);
      for (let p = 0; p < picture.data.length; p += 4) picture.data.fill(level + (p % 30), p, p + 3);
      await writeFile(at(`pictures/${name}/${k}.png`), PNG.sync.write(picture));
    }
  }
  const flags = [
    '--side',
    '8',
    '--hidden',
    '32',
    '--out',
    at('seen'),
    '--backend',
    'reference',
    ...['--epochs', '40', '--dropout', '0'],
    '--batch-size',
    '8',
  ];
  const { code, lines, notes } = await run('train', '--data', at('pictures'), ...flags);
  expect(code, notes).toBe(0);
  expect(lines).toMatch(/test error 0\.00 %/);
  expect(await readFile(at('seen/report.html'), 'utf8')).toContain('night');
});
