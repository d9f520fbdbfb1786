import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exitCodes } from './main.ts';
import { writeTinyImages } from './tiny-images.spec-kit.ts';

let root: string;
let data: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'funhash-bin-'));
  data = join(root, 'tiny');
  await writeTinyImages(data, 1500);
});
afterAll(() => rm(root, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly lines: string;
  readonly notes: string;
}

/** Runs the command in a process of its own; at the first note that matches, Ctrl-C. */
function spawnBin(args: readonly string[], interruptAt?: RegExp): Promise<Ended> {
  const bin = fileURLToPath(new URL('./bin.ts', import.meta.url));
  const loader = ['--conditions=@funhash/source', '--import', import.meta.resolve('tsx')];
  const child = spawn(process.execPath, [...loader, bin, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Commands are read out of what it prints; CI has colours on.
    env: { ...process.env, NO_COLOR: '1' },
  });
  let [lines, notes] = ['', ''];
  let isInterrupted = false;
  child.stdout.on('data', (chunk: Buffer) => {
    lines += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    notes += chunk;
    if (!interruptAt?.test(notes) || isInterrupted) return;
    isInterrupted = true;
    child.kill('SIGINT');
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, lines, notes }));
  });
}

test('the exit code tells success from wrong usage, of flags and of files', async () => {
  const [listed, unfit, misused] = await Promise.all([
    spawnBin(['schemes', '--json']),
    spawnBin(['eval', 'package.json']),
    spawnBin(['train', '--epochs', '0']),
  ]);
  expect(listed.code).toBe(exitCodes.ok);
  expect(JSON.parse(listed.lines).length).toBeGreaterThan(5);
  expect(unfit).toMatchObject({ code: exitCodes.usage, lines: '' });
  expect(misused).toMatchObject({ code: exitCodes.usage, lines: '' });
});

test('an interrupted run goes on bit for bit', async () => {
  const common = [
    'train',
    '--data',
    data,
    '--hidden',
    '64',
    '--weight',
    'funHash:1/2',
    '--backend',
    'reference',
  ];
  const run = [...common, '--epochs', '15', '--batch-size', '50', '--dropout', '0.2'];
  const [whole, halted] = [join(root, 'whole'), join(root, 'halted')];
  const [straight, stopped] = await Promise.all([
    spawnBin([...run, '--out', whole]),
    spawnBin([...run, '--out', halted], /epoch 1\/15/),
  ]);
  expect(straight.code).toBe(exitCodes.ok);
  expect(stopped).toMatchObject({ code: exitCodes.interrupted, lines: '' });
  const [command] = /funhash train --resume .*/.exec(stopped.notes) as RegExpExecArray;
  const resumed = await spawnBin(command.split(' ').slice(1));
  expect(resumed.code).toBe(exitCodes.ok);
  // A run begun anew would end with the same bits.
  expect(resumed.notes).not.toMatch(/epoch 1\/15/);
  for (const name of ['model.safetensors', 'checkpoint.safetensors'])
    expect(await readFile(join(halted, name))).toEqual(await readFile(join(whole, name)));
  const epochs = (await readFile(join(halted, 'metrics.jsonl'), 'utf8')).trim().split('\n');
  expect(epochs.map((line) => JSON.parse(line).epoch)).toEqual(Array.from({ length: 15 }, (_, k) => k + 1));
}, 120_000);

test('an interrupted comparison keeps what it measured, and goes on bit for bit', async () => {
  const [whole, halted] = [join(root, 'compare-whole'), join(root, 'compare-halted')];
  const run = [
    ...['compare', '--data', data, '--hidden', '64', '--ratios', '1/2', '--schemes', 'funHash,hashedNet'],
    ...['--epochs', '6', '--train-count', '500', '--backend', 'reference', '--threads', '1'],
  ];
  const [straight, stopped] = await Promise.all([
    spawnBin([...run, '--out', whole]),
    spawnBin([...run, '--out', halted], /epoch 1\/6/),
  ]);
  expect(straight.code).toBe(exitCodes.ok);
  expect(stopped).toMatchObject({ code: exitCodes.interrupted, lines: '' });
  expect(stopped.notes).toMatch(/Interrupted\. .*metrics\.jsonl/);
  expect(await readFile(join(halted, 'metrics.jsonl'), 'utf8')).toMatch(/"epoch":1/);

  const [command] = /funhash compare --resume .*/.exec(stopped.notes) as RegExpExecArray;
  const resumed = await spawnBin(command.split(' ').slice(1));
  expect(resumed.code).toBe(exitCodes.ok);
  for (const name of ['funHash_1_2-seed0.safetensors', 'hashedNet_1_2-seed0.safetensors'])
    expect(await readFile(join(halted, name))).toEqual(await readFile(join(whole, name)));
  const epochsIn = async (folder: string): Promise<string[]> =>
    (await readFile(join(folder, 'metrics.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .map(({ scheme, epoch, loss }) => `${scheme} ${epoch} ${loss}`)
      .sort();
  expect(await epochsIn(halted)).toEqual(await epochsIn(whole));
}, 120_000);
