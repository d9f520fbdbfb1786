import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from './run-command.spec-kit.ts';
import { writeTinyImages } from './tiny-images.spec-kit.ts';

let root: string;
let data: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'funhash-signals-'));
  data = join(root, 'tiny');
  await writeTinyImages(data, 1500);
});
afterAll(() => rm(root, { recursive: true }));

const loader = ['--conditions=@funhash/source', '--import', import.meta.resolve('tsx')];
const bin = fileURLToPath(new URL('./bin.ts', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly notes: string;
}

/** Waits for the end of a process; `onNotes` sees what it has said so far. */
function ended(child: ChildProcess, onNotes: (notes: string) => void = () => {}): Promise<Ended> {
  let notes = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    notes += chunk;
    onNotes(notes);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, notes }));
  });
}

const args = (out: string): string[] => [
  ...[
    'train',
    '--data',
    data,
    '--hidden',
    '64',
    '--backend',
    'reference',
    '--epochs',
    '400',
    '--batch-size',
    '50',
  ],
  ...['--out', out],
];

describe('a signal saves a checkpoint, and gives 128 and its number', () => {
  test.concurrent.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    '%s',
    async (signal, code) => {
      const out = join(root, signal);
      const child = spawn(process.execPath, [...loader, bin, ...args(out)], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let isSent = false;
      const done = await ended(child, (notes) => {
        if (isSent || !/epoch 1\/400/.test(notes)) return;
        isSent = true;
        child.kill(signal);
      });
      expect(done.code).toBe(code);
      expect(done.notes).toContain(`funhash train --resume ${out}/checkpoint.safetensors`);
      expect((await readdir(out)).sort()).toEqual([
        'checkpoint.safetensors',
        'config.json',
        'images.json',
        'metrics.jsonl',
        'spec.json',
      ]);
      const listed = JSON.parse((await run('runs', out, '--json')).lines);
      expect(listed).toMatchObject([{ state: 'stopped' }]);
      const epochs = (await readFile(join(out, 'metrics.jsonl'), 'utf8')).trim().split('\n').length;
      const resumed = await run('train', '--resume', out, '--epochs', String(epochs + 1));
      expect(resumed).toMatchObject({ code: 0 });
    },
    60_000,
  );

  test.concurrent('the second ends at once, though the work does not', async () => {
    const interrupt = new URL('./terminal/interrupt.ts', import.meta.url).href;
    const script = `
      import { onInterrupt } from ${JSON.stringify(interrupt)};
      onInterrupt().signal.addEventListener('abort', () => process.kill(process.pid, 'SIGTERM'));
      setInterval(() => {}, 1e6);
      process.kill(process.pid, 'SIGINT');`;
    const child = spawn(process.execPath, [...loader, '--input-type=module', '-e', script], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    expect(await ended(child)).toEqual({ code: 143, notes: '' });
  });
});

test('a reader that has enough ends nothing: no crash, and code 0', async () => {
  const child = spawn(process.execPath, [...loader, bin, 'schemes'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  expect(await ended(child)).toEqual({ code: 0, notes: '' });
});

test.skipIf(!existsSync('/dev/full'))('a full disk behind standard output is a failure', async () => {
  const full = await open('/dev/full', 'w');
  const child = spawn(process.execPath, [...loader, bin, 'schemes'], { stdio: ['ignore', full.fd, 'pipe'] });
  const { code, notes } = await ended(child);
  await full.close();
  expect(code).toBe(1);
  expect(notes).toMatch(/standard output: expected a place that takes the results, got ENOSPC/);
  expect(notes).not.toMatch(/\n +at /);
});
