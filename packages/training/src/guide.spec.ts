import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { checkpointRules, earlyStoppingRules, fitRules } from './fit-config.ts';
import { optimizerRules } from './optimizer.ts';
import { averageRules } from './weight-average.ts';

const guide = readFileSync(fileURLToPath(new URL('../../../docs/guide.md', import.meta.url)), 'utf8');
const start = guide.indexOf('\n## Training with fit');
const section = guide.slice(start, guide.indexOf('\n## ', start + 1));

test.each(
  Object.entries({ fitRules, checkpointRules, earlyStoppingRules, averageRules, optimizerRules }).flatMap(
    ([rules, record]) => Object.keys(record).map((name) => [rules, name] as const),
  ),
)('the guide names %s.%s where it tells of fit', (_, name) => {
  expect(section).toMatch(new RegExp(`\\b${name}\\b`));
});
