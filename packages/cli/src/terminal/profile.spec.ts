import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exitCodes } from '../main.ts';
import { run } from '../run-command.spec-kit.ts';
import { writeTinyImages } from '../tiny-images.spec-kit.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'funhash-'));
  await writeTinyImages(join(root, 'tiny'));
});
afterAll(() => rm(root, { recursive: true }));

const train = (backend: string) => {
  const small = ['--hidden', '32', '--batch-size', '10', '--dropout', '0', '--epochs', '2'];
  return run(
    'train',
    ...['--data', join(root, 'tiny'), '--backend', backend, '--profile', ...small],
    ...['--out', join(root, backend.replace(':', '-'))],
  );
};

test('--profile tells what a step on the GPU takes: few passes, one read-back, of the loss', async () => {
  const { code, notes } = await train('gpu:cpu');
  expect(code).toBe(exitCodes.ok);
  const [, passes, reads, bytes, least, most] =
    /takes (\d+) passes, \d+ bytes up, (\d+) read-backs of (\d+) bytes; (\d+) to (\d+) textures/.exec(
      notes,
    ) ?? [];
  expect(Number(passes)).toBeLessThanOrEqual(20);
  expect([reads, bytes]).toEqual(['1', '4']);
  expect(least).toBe(most);
});

test('--profile on another backend says that it counts nothing', async () => {
  const { notes } = await train('reference');
  expect(notes).toMatch(/profile: backend reference counts nothing/);
});
