import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { openFolder, runSpec, storedRuns } from '@funhash/experiments';
import { changedJson, changedText } from '../changes/json.ts';
import { runCommand } from '../command.ts';
import { oneIn } from '../draw.ts';
import type { Parser } from '../parser.ts';

const epoch = (k: number) => ({
  ...{ epoch: k, step: 4 * k, loss: 1 / k, learningRate: 0.1, seconds: 0.1 },
  validation: { loss: 0.5, errorRate: 0.25 },
});

const spec = runSpec({
  data: { name: 'rect', trainCount: 80 },
  net: { widths: [8], weights: 'hashedNet:1/8' },
  epochs: 3,
});

/** The files of a run, whole; the first byte of an input says which of them the rest of it is. */
const files: readonly (readonly [string, string])[] = [
  ['spec.json', JSON.stringify(spec)],
  ['metrics.jsonl', [1, 2, 3].map((k) => `${JSON.stringify(epoch(k))}\n`).join('')],
  [
    'summary.json',
    JSON.stringify({ storedCount: 5, storedBytes: 20, testError: 0.1, fileBytes: 100, fileTestError: 0.1 }),
  ],
  ['owner-1.json', JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), began: 0 })],
];

/** Files of a run that lists read, and who wants to go on with it. */
export const runFolder: Parser = {
  name: 'run-folder',
  share: 2,
  samples: async () => files.map(([, text], k) => new TextEncoder().encode(String.fromCharCode(k) + text)),
  change: (sample, draw) => {
    const text = new TextDecoder().decode(sample.subarray(1));
    // One of several lines, or the whole.
    const lines = text.split('\n');
    const at = draw.integer(lines.length);
    const changed = oneIn(draw, 4)
      ? changedText(text, draw)
      : lines.toSpliced(at, 1, changedJson(lines[at] as string, draw)).join('\n');
    return new TextEncoder().encode(String.fromCharCode(sample[0] ?? 0) + changed);
  },
  read: async (input, folder) => {
    const path = join(folder, 'run');
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path);
    for (const [name, text] of files) writeFileSync(join(path, name), text);
    writeFileSync(
      join(path, (files[(input[0] ?? 0) % files.length] as (typeof files)[number])[0]),
      input.subarray(1),
    );
    await storedRuns(path);
    await runCommand(['runs', path]);
    await (await openFolder(path)).release();
  },
};
