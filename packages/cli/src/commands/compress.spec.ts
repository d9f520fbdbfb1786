import { access, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { load } from '@funhash/layers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exitCodes } from '../main.ts';
import { run } from '../run-command.spec-kit.ts';
import { writeTinyImages } from '../tiny-images.spec-kit.ts';

let root: string;
let model: string;
let trained: Buffer;
let data: string[];
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'funhash-compress-'));
  await writeTinyImages(join(root, 'tiny'));
  data = ['--data', join(root, 'tiny'), '--batch-size', '20', '--validation', '60', '--threads', '1'];
  const args = ['--hidden', '32', '--epochs', '6', '--out', join(root, 'trained')];
  const done = await run('train', ...data, ...args);
  expect(done, done.notes).toMatchObject({ code: exitCodes.ok });
  model = join(root, 'trained', 'model.safetensors');
  trained = await readFile(model);
});
afterAll(() => rm(root, { recursive: true }));

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const reportIn = async (folder: string) => JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'));

describe('fits, fine-tunes, stores', () => {
  let folder: string;
  let lines: string;
  let notes: string;
  beforeAll(async () => {
    folder = join(root, 'small');
    const args = ['--weight', 'lowRank:rank=3', '--layers', '0', '--epochs', '2', '--store-as', 'f16'];
    const done = await run('compress', model, ...data, ...args, '--out', folder);
    expect(done, done.notes).toMatchObject({ code: exitCodes.ok });
    ({ lines, notes } = done);
  });

  test('prints layers, sizes and errors', () => {
    const text = stripVTControlCharacters(lines);
    expect(text).toMatch(/^weight +scheme +shape +error +stored/);
    expect(text).toMatch(/0\.weight +dense → lowRank +32 × 36 +0\.\d{3} +1 152 +204 /);
    expect(text).not.toContain('1.weight');
    expect(text).toMatch(
      /test error \d+\.\d\d % before, \d+\.\d\d % fitted, \d+\.\d\d % fine-tuned; \d+\.\d\d % \(validation \d+\.\d\d %\) from the file of [\d ]+ bytes, in /,
    );
    expect(notes).toMatch(/fine-tune: epoch 2\/2: loss/);
  });

  test('writes the model and the report', async () => {
    expect((await readdir(folder)).sort()).toEqual([
      'config.json',
      'metrics.jsonl',
      'model.safetensors',
      'report.html',
      'report.json',
    ]);
    const { weights, after, fileBytes, testErrors } = await reportIn(folder);
    const small = await load(join(folder, 'model.safetensors'));
    const { rows, total } = small.summary();
    expect(after).toEqual(total);
    expect(weights[0].after).toEqual(rows[0]);
    expect(fileBytes).toBe((await readFile(join(folder, 'model.safetensors'))).length);
    expect(fileBytes).toBeLessThan(0.6 * trained.length);
    expect(Object.keys(testErrors)).toEqual(['before', 'fitted', 'fineTuned', 'file', 'fileValidation']);
    expect(testErrors.fineTuned).toBeLessThanOrEqual(testErrors.fitted);
    const evaluated = await run(
      'eval',
      '--model',
      join(folder, 'model.safetensors'),
      ...data.slice(0, 2),
      '--json',
    );
    expect(JSON.parse(evaluated.lines).errorRate).toBe(testErrors.file);
    expect(await readFile(model)).toEqual(trained);
  });

  test('the same settings give the same file', async () => {
    const again = join(root, 'again');
    await run('compress', model, '--config', join(folder, 'config.json'), '--out', again);
    expect(await readFile(join(again, 'model.safetensors'))).toEqual(
      await readFile(join(folder, 'model.safetensors')),
    );
  });
});

test('without a scheme it stores the model in another format', async () => {
  const folder = join(root, 'eight-bits');
  const { code, lines } = await run(
    'compress',
    model,
    ...data,
    '--store-as',
    'i8',
    '--json',
    '--out',
    folder,
  );
  expect(code).toBe(exitCodes.ok);
  const { weights, before, after, fileBytes, testErrors } = JSON.parse(lines);
  expect([weights, after]).toEqual([[], before]);
  expect(fileBytes).toBeLessThan(0.4 * trained.length);
  expect(Object.keys(testErrors)).toEqual(['before', 'file']);
  expect(Math.abs(testErrors.file - testErrors.before)).toBeLessThan(0.05);
  expect(await exists(join(folder, 'metrics.jsonl'))).toBe(false);
});

test('a layer that the scheme leaves no room stays as it is, and that is said', async () => {
  const folder = join(root, 'roomless');
  const { code, notes } = await run('compress', model, ...data, '--weight', 'funHash:1/64', '--out', folder);
  expect(code, notes).toBe(exitCodes.ok);
  expect(notes).toMatch(/2\.weight stays as it is: funHash:1\/64 leaves it no room; .* a budget of 5 /);
  const { weights } = await reportIn(folder);
  expect(weights.map(({ name }: { name: string }) => name)).toEqual(['0.weight']);
});

test('one scheme for each layer', async () => {
  const folder = join(root, 'each');
  const weights = ['--weights', 'tensorTrain:ranks=3', 'hashedNet:1/2'];
  const { code, notes } = await run('compress', model, ...data, ...weights, '--out', folder);
  expect(code, notes).toBe(exitCodes.ok);
  const kinds = (await reportIn(folder)).weights.map(({ after }: { after: { kind: string } }) => after.kind);
  expect(kinds).toEqual(['tensorTrain', 'hashedNet']);
});

describe('refuses and writes nothing', () => {
  const refusal = async (...args: string[]): Promise<[code: number, notes: string]> => {
    const out = join(root, 'nothing');
    const { code, lines, notes } = await run('compress', model, ...data, '--out', out, ...args);
    expect(lines).toBe('');
    expect(await exists(out)).toBe(false);
    return [code, notes];
  };

  test.each([
    [['--weight', 'lowRank:rank=3', '--layers', '0,5'], 2, /among 0\.weight, 2\.weight, got "5"/],
    [['--weight', 'tensorTrain:inModes=6x6,outModes=4x8,ranks=2'], 2, /compress 2\.weight: tensorTrain: /],
    [['--weight', 'lowRank:1/64'], 2, /at least 68 values, rank 1 of a 32 × 36 matrix, got a budget of 18/],
    [['--weights', 'dense', 'funHash:1/64'], 2, /compress 2\.weight: .*ratio/],
    [['--weight', 'hashedNet:1/4,shared'], 2, /values of its own for each layer, got shared/],
    [['--weight', 'hash'], 2, /one of .*hashedNet/],
    [['--weights', 'dense'], 2, /one scheme for each of 0\.weight, 2\.weight, got 1: dense/],
    [['--epochs', '-1'], 2, /epochs: a whole number/],
  ])('%j', async (args, expected, message) => {
    const [code, notes] = await refusal(...args);
    expect(notes).toMatch(message);
    expect(code).toBe(expected);
  });

  test('a folder that has files, and a file that is no model', async () => {
    const occupied = await run('compress', model, ...data, '--out', join(root, 'trained'));
    expect([occupied.code, occupied.notes]).toEqual([
      exitCodes.usage,
      expect.stringMatching(/new or an empty/),
    ]);
    const images = join(root, 'tiny', 't10k-images-idx3-ubyte');
    const wrong = await run('compress', images, ...data, '--out', join(root, 'nothing'));
    expect(wrong.code).toBe(exitCodes.usage);
    expect(await exists(join(root, 'nothing'))).toBe(false);
    expect(await readFile(model)).toEqual(trained);
  });
});

describe('a file of so many bytes', () => {
  test('is a compact one with levels, no longer than that, which eval reads', async () => {
    const folder = join(root, 'bytes');
    const args = ['--bytes', '500', '--epochs', '4', '--learning-rate', '0.03', '--out', folder, '--json'];
    const { code, lines, notes } = await run('compress', model, ...data, ...args);
    expect(code, notes).toBe(exitCodes.ok);
    const { fileBytes, testErrors } = JSON.parse(lines);
    const file = await readFile(join(folder, 'model.fhc'));
    expect(file.subarray(0, 3).toString()).toBe('FHC');
    expect(fileBytes).toBe(file.length);
    expect(fileBytes).toBeLessThanOrEqual(500);
    expect(testErrors.file).toBe(testErrors.fineTuned);
    expect(testErrors.fileValidation).toBeLessThan(0.3);
    const evaluated = await run('eval', '--model', join(folder, 'model.fhc'), ...data.slice(0, 2), '--json');
    expect(JSON.parse(evaluated.lines).errorRate).toBe(testErrors.file);
    const [net, plain] = [await load(file), await load(trained)];
    expect(net.signature).toEqual(plain.signature);
    expect([...net.weights().values()].map(({ spec }) => spec.kind)).toEqual(['lsq', 'lsq']);
  });

  test('has the stored values of schemes as levels, without fine-tuning near those that they were', async () => {
    const folder = join(root, 'hashed');
    const weights = ['--weights', 'hashedNet:1/4', 'kronecker:terms=2'];
    const args = ['--hidden', '32', '--epochs', '6', ...weights, '--out', join(root, 'hashed-net'), '--json'];
    const before = await run('train', ...data, ...args);
    expect(before.code, before.notes).toBe(exitCodes.ok);
    const file = join(root, 'hashed-net', 'model.safetensors');
    const out = ['--bytes', '900', '--epochs', '1', '--learning-rate', '0', '--out', folder, '--json'];
    const after = await run('compress', file, ...data, ...out);
    expect(after.code, after.notes).toBe(exitCodes.ok);
    const net = await load(await readFile(join(folder, 'model.fhc')));
    expect([...net.weights().values()].map(({ spec }) => spec.kind)).toEqual([
      'levels(hashedNet)',
      'levels(kronecker)',
    ]);
    const { fileBytes, testErrors } = JSON.parse(after.lines);
    expect(fileBytes).toBeLessThanOrEqual(900);
    expect(Math.abs(testErrors.file - testErrors.before)).toBeLessThan(0.05);
  });

  test('is looked for on validation images', async () => {
    const folder = join(root, 'max-error');
    const args = ['--max-error', '100', '--epochs', '1', '--out', folder, '--json'];
    const { code, lines, notes } = await run('compress', model, ...data, ...args);
    expect(code, notes).toBe(exitCodes.ok);
    expect(notes).toMatch(/at most [\d ]+ bytes: validation error/);
    expect(JSON.parse(lines).fileBytes).toBeLessThan(600);
  });

  test.each([
    [['--bytes', '60'], /more than \d+ bytes, for what is no weight/],
    [['--bytes', '0'], /bytes/],
    [['--max-error', '3', '--bytes', '900'], /of --bytes and --max-error one/],
  ])('%j is refused', async (args, message) => {
    const out = join(root, 'no-bytes');
    const { code, notes } = await run('compress', model, ...data, '--epochs', '1', ...args, '--out', out);
    expect(notes).toMatch(message);
    expect(code).toBe(exitCodes.usage);
    expect(await exists(out)).toBe(false);
  });
});
