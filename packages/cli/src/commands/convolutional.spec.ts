import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from '@funhash/layers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exitCodes } from '../main.ts';
import { run } from '../run-command.spec-kit.ts';
import { writeTinyImages } from '../tiny-images.spec-kit.ts';

let root: string;
let data: string[];
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'funhash-conv-'));
  await writeTinyImages(join(root, 'tiny'), 500, 60, 16);
  data = ['--data', join(root, 'tiny'), '--batch-size', '20', '--validation', '60', '--threads', '1'];
});
afterAll(() => rm(root, { recursive: true }));

describe('train --model lenet5', () => {
  let folder: string;
  let model: string;
  beforeAll(async () => {
    folder = join(root, 'lenet');
    model = join(folder, 'model.safetensors');
    const args = ['--weight', 'hashednet:1/4', '--epochs', '4', '--dropout', '0', '--out', folder];
    const done = await run('train', '--model', 'lenet5', ...data, ...args);
    expect(done, done.notes).toMatchObject({ code: exitCodes.ok });
  });

  test('learns, with weights of the scheme but in the first convolution', async () => {
    const { testError } = JSON.parse(await readFile(join(folder, 'summary.json'), 'utf8'));
    expect(testError).toBeLessThan(0.25);
    const kinds = (await load(model)).summary().rows.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind !== 'bias')).toEqual([
      'dense',
      ...new Array<string>(4).fill('hashedNet'),
    ]);
  });

  test('inspect, eval and predict read its model', async () => {
    const images = join(root, 'tiny', 't10k-images-idx3-ubyte');
    const predicted = await run('predict', '--model', model, '--input', images, '--json');
    expect(JSON.parse(predicted.lines)).toHaveLength(60);
    const evaluated = await run('eval', '--model', model, '--data', join(root, 'tiny'), '--json');
    expect(JSON.parse(evaluated.lines)).toMatchObject({ count: 60 });
    const { weights } = JSON.parse((await run('inspect', '--model', model, '--json')).lines);
    expect(weights.map(({ name }: { name: string }) => name)).toHaveLength(5);
  });

  test('a file of few bits, compressed, and what it costs', async () => {
    const out = join(root, 'small-file');
    const args = [
      '--weight',
      'hashednet:1/4',
      '--epochs',
      '1',
      '--store-as',
      'i5',
      '--compress',
      '--out',
      out,
    ];
    expect(await run('train', '--model', 'lenet5', ...data, ...args)).toMatchObject({ code: exitCodes.ok });
    const summary = JSON.parse(await readFile(join(out, 'summary.json'), 'utf8'));
    const file = await readFile(join(out, 'model.safetensors'));
    expect(summary.fileBytes).toBe(file.length);
    expect(file.length).toBeLessThan((await readFile(model)).length / 4);
    const evaluated = await run(
      'eval',
      '--model',
      join(out, 'model.safetensors'),
      '--data',
      join(root, 'tiny'),
      '--json',
    );
    expect(JSON.parse(evaluated.lines)).toMatchObject({ errorRate: summary.fileTestError });
    const refused = await run('train', '--store-as', 'i9', ...data);
    expect(refused).toMatchObject({ code: exitCodes.usage });
    expect(refused.notes).toMatch(/storeAs: one of f32, .*i8.*, got i9/);
  });

  test('a thread of its own prepares the same images: the same bits', async () => {
    const config = join(folder, 'config.json');
    const bytesOf = async (name: string, ...flags: string[]) => {
      const out = join(root, name);
      const done = await run('train', '--config', config, ...flags, '--epochs', '2', '--out', out);
      expect(done, done.notes).toMatchObject({ code: exitCodes.ok });
      return readFile(join(out, 'model.safetensors'));
    };
    const plain = await bytesOf('plain', '--flip');
    expect(await bytesOf('threaded', '--flip', '--loader-thread')).toEqual(plain);
    expect(await bytesOf('shifted', '--flip', '--shift', '1')).not.toEqual(plain);
  });
});

test('compare trains nets of convolutions side by side', async () => {
  const out = join(root, 'compare');
  const args = [
    '--schemes',
    'funHash,hashedNet,freshNet,narrow',
    '--ratios',
    '1/4',
    '--epochs',
    '1',
    '--flip',
  ];
  const done = await run(
    'compare',
    '--model',
    'lenet5',
    '--widths',
    '4,6,30,20',
    ...data,
    ...args,
    '--out',
    out,
  );
  expect(done, done.notes).toMatchObject({ code: exitCodes.ok });
  expect(done.lines).toMatch(/freshNet +1\/4 +lenet5 4-6-30-20 /);
  const { arms } = JSON.parse(await readFile(join(out, 'summary.json'), 'utf8'));
  const [funHash, hashedNet, freshNet, narrow] = arms;
  expect(hashedNet.stored).toBe(funHash.stored);
  expect(freshNet.stored).toBe(funHash.stored);
  expect(Math.abs(narrow.stored / funHash.stored - 1)).toBeLessThan(0.1);
  expect(narrow).toMatchObject({ model: 'lenet5', weights: new Array<string>(5).fill('dense') });
  const html = await readFile(join(out, 'report.html'), 'utf8');
  expect(html).toContain('Nets of lenet5 4-6-30-20');
  expect(html).not.toContain('What the hidden units look for');
  expect(html).toContain('--model lenet5');
});

test('a net with normalisation trains and resumes', async () => {
  const folder = join(root, 'resnet');
  const args = ['--model', 'resnet20', '--widths', '2', '--weight', 'freshnet:1/4'];
  const done = await run('train', ...args, ...data, '--epochs', '1', '--out', folder);
  expect(done, done.notes).toMatchObject({ code: exitCodes.ok });
  const resumed = await run('train', '--resume', join(folder, 'checkpoint.safetensors'), '--epochs', '2');
  expect(resumed, resumed.notes).toMatchObject({ code: exitCodes.ok });
});

test.each<[string[], RegExp]>([
  [['--model', 'alexnet'], /model: one of mlp, .*lenet5/],
  [['--model', 'lenet5', '--widths', '6,16'], /4 widths, such as 6,16,120,84/],
  [['--weight', 'freshNet:1/8'], /a model with convolutions/],
  [['--model', 'lenet5', '--weights', 'dense'], /one scheme for each of the 5 layers/],
  [['--cutout', '-1'], /cutout: a whole number/],
])('%j is refused', async (args, message) => {
  const done = await run('train', ...data, ...args, '--out', join(root, 'refused'));
  expect(done.notes).toMatch(message);
  expect(done.code).toBe(exitCodes.usage);
});
