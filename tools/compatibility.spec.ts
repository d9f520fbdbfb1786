import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { compatibilityTables } from './compatibility.ts';

const page = new URL('../docs/backends.md', import.meta.url);
const [begin, end] = ['<!-- compatibility: begin -->\n', '\n<!-- compatibility: end -->'];

// UPDATE_TABLES=1 writes them.
test('the compatibility tables of docs/backends.md are what the laws show', {
  timeout: 300_000,
}, async () => {
  const text = await readFile(page, 'utf8');
  const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
  const tables = await compatibilityTables();
  if (process.env.UPDATE_TABLES) await writeFile(page, `${text.slice(0, from)}${tables}${text.slice(to)}`);
  else expect(text.slice(from, to)).toBe(tables);
});
