import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));

const sources = readdirSync(join(root, 'packages'), { recursive: true, encoding: 'utf8' }).filter(
  (path) => /^[^/]+\/src\/.*[.]ts$/.test(path) && !/[.](spec|spec-kit|fixtures)[.]ts$/.test(path),
);

// In a tooltip a docstring stands alone: it begins with what the thing is or does, not with "Of" or "In".
const stray =
  /^\s*\/\*\*\s*(?:\n\s*\*\s*)?(As|At|Between|By|For|From|In|Into|Of|On|Over|To|Under|Where|Which|With|Without)\s[^\n]*/gm;

test('docstrings begin with a noun or a verb', () => {
  const found = sources.flatMap((path) => {
    const text = readFileSync(join(root, 'packages', path), 'utf8');
    return Array.from(text.matchAll(stray), ({ 0: match, index }) => {
      const line = text.slice(0, index).split('\n').length;
      return `${path}:${line} ${match.trim().replaceAll(/\s+/g, ' ')}`;
    });
  });
  expect(found).toEqual([]);
});
