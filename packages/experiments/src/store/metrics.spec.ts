import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FileError } from '../errors.ts';
import { type EpochRecord, keepMetricsUntil, readMetrics } from './metrics.ts';
import { openFolder, type RunFolder } from './run-folder.ts';

let root: string;
let folder: RunFolder;
let file: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'funhash-metrics-'));
  folder = await openFolder(join(root, 'run'));
  file = folder.file('metrics.jsonl');
});
afterAll(() => rm(root, { recursive: true }));

const recordOf = (epoch: number, loss = 1 / epoch): EpochRecord => ({
  epoch,
  ...{ step: 4 * epoch, loss, learningRate: 0.1, seconds: 1, validation: { loss, errorRate: 0.25 } },
});
const textOf = (records: readonly object[]): string =>
  records.map((one) => `${JSON.stringify(one)}\n`).join('');
const upTo = (count: number): EpochRecord[] => Array.from({ length: count }, (_, k) => recordOf(k + 1));

test('cut short anywhere, a file gives every whole record, and says what is left of the last', async () => {
  const text = textOf(upTo(3));
  await fc.assert(
    fc.asyncProperty(fc.nat(text.length), async (length) => {
      await writeFile(file, text.slice(0, length));
      const { epochs, torn } = await readMetrics(folder.path);
      const lines = text.slice(0, length).split('\n');
      // The last character of a line is its end: without it the record is whole.
      const isWhole = text[length] === '\n';
      expect(epochs).toEqual(upTo(lines.length - (isWhole ? 0 : 1)));
      expect(torn).toBe(isWhole || lines.at(-1) === '' ? undefined : lines.at(-1));
    }),
    { seed: 11, numRuns: 200 },
  );
});

test('going on from a step keeps what was before it, each epoch once, and gives back what was torn', async () => {
  const twice = [...upTo(3), recordOf(2, 7), recordOf(3, 8)];
  await writeFile(file, `${textOf(twice)}{"diverged":"at 9"}\n\0\0\0`);
  expect(await keepMetricsUntil(folder, 8)).toBe('\0\0\0');
  expect(await readFile(file, 'utf8')).toBe(textOf([recordOf(1), recordOf(2, 7)]));
});

test.each<[string, string]>([
  ['no JSON', '{"epoch":'],
  ['nothing', ''],
  ['a number', '7'],
  ['null', 'null'],
  ['no number of the epoch', '{}'],
  ['a loss that is a text', JSON.stringify({ ...recordOf(2), loss: 'low' })],
  ['a validation that is a number', JSON.stringify({ ...recordOf(2), validation: 5 })],
  ['an epoch before the first', JSON.stringify(recordOf(0, 1))],
])('%s in the middle is an error that names the line; nothing is written', async (_, line) => {
  const text = `${textOf(upTo(1))}${line}\n${textOf(upTo(1))}`;
  await writeFile(file, text);
  await expect(readMetrics(folder.path)).rejects.toThrow(FileError);
  await expect(keepMetricsUntil(folder, 4)).rejects.toThrow(/in line 2 of .*metrics\.jsonl/);
  expect(await readFile(file, 'utf8')).toBe(text);
});

test('what cannot be read is an error, never empty; an absent file is empty', async () => {
  await rm(file);
  expect(await readMetrics(folder.path)).toEqual({ epochs: [], torn: undefined });
  await mkdir(file);
  await expect(keepMetricsUntil(folder, 4)).rejects.toThrow(FileError);
  await rm(file, { recursive: true });
});
