import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Dense, Sequential } from '@funhash/layers';
import { bnnMlp } from '@funhash/models';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exitCodes } from '../main.ts';
import { run } from '../run-command.spec-kit.ts';
import { writeTinyImages } from '../tiny-images.spec-kit.ts';

let root: string;
let data: string[];
let model: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'funhash-binarize-'));
  await writeTinyImages(join(root, 'tiny'));
  data = ['--data', join(root, 'tiny')];
  const training = ['--validation', '60', '--batch-size', '20', '--epochs', '3', '--threads', '1'];
  const net = ['--model', 'bnn', '--widths', '200,200,200', '--dropout', '0'];
  const done = await run('train', ...data, ...training, ...net, '--out', join(root, 'trained'));
  expect(done, done.notes).toMatchObject({ code: exitCodes.ok });
  model = join(root, 'trained', 'model.safetensors');
});
afterAll(() => rm(root, { recursive: true }));

test('writes a file that other commands take, of equal outputs', async () => {
  const done = await run('binarize', model, ...data);
  const report = join(root, 'trained', 'packed.html');
  expect(done, done.notes).toMatchObject({ code: exitCodes.ok, notes: `look at ${report}` });
  expect(done.lines).toMatch(
    /packed\.safetensors: [\d ]+ bytes, \d+\.\d times smaller than [\d ]+\nall outputs for \d+ test images are equal; test error \d+\.\d\d %\n\d+ ms by the model, \d+ ms packed: \d+\.\d times (faster|slower)$/,
  );
  const packed = join(root, 'trained', 'packed.safetensors');
  expect((await stat(model)).size / (await stat(packed)).size).toBeGreaterThan(10);
  const [expected, found] = await Promise.all(
    [model, packed].map(async (path) => JSON.parse((await run('eval', path, ...data, '--json')).lines)),
  );
  expect(found.errorRate).toBe(expected.errorRate);
  expect(found.loss).toBe(expected.loss);
  expect((await run('inspect', packed)).lines).toContain('packed signs');
  const image = join(root, 'image.json');
  await writeFile(image, JSON.stringify(Array.from({ length: 36 }, (_, k) => k / 36)));
  const predicted = (path: string) => run('predict', path, '--input', image);
  expect(await predicted(packed)).toEqual(await predicted(model));
});

test('as JSON, without data, to a file of its own', async () => {
  const out = join(root, 'bits.safetensors');
  const done = await run('binarize', model, '--out', out, '--json');
  expect(JSON.parse(done.lines)).toEqual({
    path: out,
    modelBytes: (await stat(model)).size,
    packedBytes: (await stat(out)).size,
  });
});

test('a packed file is at least 28 times smaller, with 3 × 1024 hidden units', async () => {
  const wide = join(root, 'wide.safetensors');
  await bnnMlp().save(wide);
  const { modelBytes, packedBytes } = JSON.parse((await run('binarize', wide, '--json')).lines);
  expect(modelBytes / packedBytes).toBeGreaterThan(28);
});

test('nothing is written where nothing can be packed, and never over the model', async () => {
  const plain = join(root, 'plain.safetensors');
  await new Sequential([new Dense({ in: 2, out: 2 })]).save(plain);
  const before = await readdir(root);
  const refused = await run('binarize', plain, '--out', join(root, 'none.safetensors'));
  expect(refused).toMatchObject({ code: exitCodes.usage });
  expect(refused.notes).toMatch(/weights of ±1/);
  expect(await readdir(root)).toEqual(before);
  const trained = await readFile(model);
  expect(await run('binarize', model, '--out', model)).toMatchObject({ code: exitCodes.usage });
  expect(await readFile(model)).toEqual(trained);
});
