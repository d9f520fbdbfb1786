import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../run-command.spec-kit.ts';

let root: string;
const at = (name: string): string => join(root, name);
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'funhash-search-'));
  const rows = Array.from({ length: 80 }, (_, k) => [k % 9, (7 * k) % 11, k % 9 > 4 ? 'many' : 'few'].join());
  await writeFile(at('rows.csv'), ['a,b,kind', ...rows].join('\n'));
});
afterAll(() => rm(root, { recursive: true }));

const flags = () => [
  '--data',
  at('rows.csv'),
  '--target',
  'kind',
  '--backend',
  'reference',
  '--threads',
  '1',
];

test('a search plans by its time, keeps to the bytes, and goes on', { timeout: 120_000 }, async () => {
  const { code, notes } = await run(
    ...['search', ...flags(), '--bytes', '900', '--minutes', '0.02', '--out', at('bytes'), '--json'],
  );
  expect(code, notes).toBe(0);
  expect(notes).toMatch(/trials among \d+ kinds of nets/);
  const plan = JSON.parse(await readFile(at('bytes/sweep.json'), 'utf8')) as {
    goal: unknown;
    among: unknown[];
  };
  expect(plan).toMatchObject({ method: 'asha', goal: { bytes: 900 } });
  // Levels at a price, and fewer bits of plain or of shared values.
  const kinds = plan.among.map((changes) => Object.keys(changes as object).join());
  expect(new Set(kinds).size).toBeGreaterThan(1);
  const again = await run('search', '--resume', at('bytes'), '--minutes', '5', '--json');
  expect(again.code, again.notes).toBe(0);
  const best = JSON.parse(again.lines) as { error: number; bytes: number; model: string; testError: number };
  expect(best.bytes).toBeLessThanOrEqual(900);
  expect((await stat(best.model)).size).toBe(best.bytes);
  expect(best.testError).toEqual(expect.any(Number));
  expect(await readFile(at('bytes/report.html'), 'utf8')).toContain('The best network in 900 bytes');
});

test.each<[string[], string]>([
  [[], 'either --bytes or --error'],
  [['--bytes', '500', '--error', '0.1'], 'got both'],
  [['--bytes', '64'], 'allow more bytes'],
  [['--error', '2'], 'error'],
  [['--resume', 'x', '--bytes', '500'], '--resume with --minutes alone'],
  [['--bytes', '500', '--threads', '0'], '--threads'],
])('search %j is refused, and nothing is written', async (given, message) => {
  const { code, notes } = await run(
    'search',
    ...(given.includes('--resume') ? [] : flags()),
    ...given,
    '--out',
    at('no'),
  );
  expect([code, notes]).toEqual([2, expect.stringContaining(message)]);
  await expect(stat(at('no'))).rejects.toThrow();
});
