import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { referencePages } from './reference.ts';

const folder = fileURLToPath(new URL('../docs/reference/', import.meta.url));

test('docs/reference names every export and option (UPDATE_TABLES=1 writes it)', () => {
  const pages = referencePages();
  if (process.env.UPDATE_TABLES) {
    mkdirSync(folder, { recursive: true });
    for (const [file, text] of pages) writeFileSync(join(folder, file), text);
  }
  for (const [file, text] of pages) expect(readFileSync(join(folder, file), 'utf8'), file).toBe(text);
  expect(readdirSync(folder).sort()).toEqual([...pages.keys()].sort());
});
