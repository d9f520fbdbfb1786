import { readFileSync } from 'node:fs';
import * as layers from '@funhash/layers';
import * as training from '@funhash/training';
import { expect, test } from 'vitest';

const page = readFileSync(new URL('from-pytorch.md', import.meta.url), 'utf8');

/** Names that begin a code span in the last column of a table, which methods and dtypes do not. */
const named = page
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .flatMap((line) =>
    Array.from(
      line
        .split('|')
        .at(-2)
        ?.matchAll(/`([a-zA-Z]\w*)(?=[`(])/g) ?? [],
      ([, name]) => name,
    ),
  )
  .filter((name): name is string => name !== undefined);

const options = new Set(['axis', 'keepDims', 'ddof', 'f32', 'f64', 'i32', 'u8', 'grad']);
const exported: Record<string, unknown> = { ...layers, ...training };

test('every name on the right of from-pytorch.md is an export', () => {
  expect(named.length).toBeGreaterThan(120);
  expect([...new Set(named)].filter((name) => !(name in exported) && !options.has(name))).toEqual([]);
});

test('every op, layer, loss, optimiser and metric is named in hand-written pages', () => {
  const pages = ['from-pytorch', 'guide', 'browsers', 'scheme-authors', 'backends', 'schemes/index'];
  const text = pages.map((name) => readFileSync(new URL(`${name}.md`, import.meta.url), 'utf8')).join('\n');
  const words = new Set(text.match(/\w+/g));
  expect(Object.keys(exported).filter((name) => !words.has(name))).toEqual([]);
});
