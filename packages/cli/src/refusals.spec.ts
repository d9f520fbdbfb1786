import { execFile } from 'node:child_process';
import { cp, link, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Dense, hashedNet, Sequential } from '@funhash/layers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readBounded } from './files/read-bounded.ts';
import { exitCodes } from './main.ts';
import { run } from './run-command.spec-kit.ts';
import { writeTinyImages } from './tiny-images.spec-kit.ts';

// As in a terminal without colours, wherever this runs: CI has them on.
vi.hoisted(() => {
  process.env.NO_COLOR = '1';
});

let root: string;
let data: string;
let trained: string;
let model: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'funhash-refusals-'));
  [data, trained] = [join(root, 'tiny'), join(root, 'trained')];
  model = join(trained, 'model.safetensors');
  await writeTinyImages(data);
  const args = [
    '--data',
    data,
    '--hidden',
    '8',
    '--batch-size',
    '34',
    '--backend',
    'reference',
    '--epochs',
    '1',
  ];
  expect((await run('train', ...args, '--out', trained)).code).toBe(exitCodes.ok);
});
afterAll(() => rm(root, { recursive: true }));

/** Every file below a folder, byte by byte. */
async function contents(path: string): Promise<Record<string, string>> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const read = async (file: string) => [file, (await readFile(file)).toString('base64')];
  return Object.fromEntries(await Promise.all(files.sort().map(read)));
}

async function copyOf(path: string, name: string): Promise<string> {
  await cp(path, join(root, name), { recursive: true });
  return join(root, name);
}

describe('a run that is not the one in the folder is refused, nothing is written, and the right one goes on', () => {
  test.each<[string[], RegExp]>([
    [['--batch-size', '40'], /batchSize 34, got batchSize 40/],
    [['--seed', '1', '--learning-rate', '0.5'], /optimizer\.learningRate.*seed/],
    [['--hidden', '9'], /net\.widths \[8\], got net\.widths \[9\]/],
    [['--optimizer', 'sgd'], /optimizer\.rule "adam"/],
    [['--data', 'rect'], /data\.name/],
    [['--epochs', '0'], /epochs: a whole number/],
    [['--weight', 'hashedNet:3'], /a ratio above 0/],
  ])('train --resume with %j', async (flags, message) => {
    const folder = await copyOf(trained, `resume-${flags.join('')}`.replaceAll('/', ''));
    const before = await contents(folder);
    const refused = await run('train', '--resume', folder, ...flags);
    expect(refused.notes).toMatch(message);
    expect(refused.code).toBe(exitCodes.usage);
    expect(await contents(folder)).toEqual(before);
    expect((await run('train', '--resume', folder, '--epochs', '2')).code).toBe(exitCodes.ok);
    const metrics = (await readFile(join(folder, 'metrics.jsonl'), 'utf8')).trim().split('\n');
    expect(metrics.map((line) => JSON.parse(line).epoch)).toEqual([1, 2]);
  });

  test('compare --resume with another batch size; more seeds go on', async () => {
    const folder = join(root, 'compared');
    const args = [
      '--data',
      data,
      '--hidden',
      '8',
      '--backend',
      'reference',
      '--epochs',
      '1',
      '--threads',
      '1',
    ];
    const own = [...args, '--schemes', 'hashedNet', '--ratios', '1/2'];
    expect((await run('compare', ...own, '--out', folder)).code).toBe(exitCodes.ok);
    const before = await contents(folder);
    const refused = await run('compare', '--resume', folder, '--batch-size', '40');
    expect(refused).toMatchObject({
      code: exitCodes.usage,
      notes: expect.stringMatching(/batchSize 100, got batchSize 40.*--seeds/),
    });
    expect(await contents(folder)).toEqual(before);
    expect((await run('compare', '--resume', folder, '--seeds', '2')).code).toBe(exitCodes.ok);
  });

  test('a checkpoint that is not whole, and metrics that were tampered with', async () => {
    const folder = await copyOf(trained, 'torn');
    const checkpoint = join(folder, 'checkpoint.safetensors');
    const whole = await readFile(checkpoint);
    await writeFile(checkpoint, whole.subarray(0, 500));
    await writeFile(join(folder, 'metrics.jsonl'), '{"epoch":\n{"epoch":1}\n');
    let before = await contents(folder);
    expect((await run('train', '--resume', folder)).code).toBe(exitCodes.usage);
    expect(await contents(folder)).toEqual(before);
    await writeFile(checkpoint, whole);
    before = await contents(folder);
    expect(await run('train', '--resume', folder)).toMatchObject({
      code: exitCodes.usage,
      notes: expect.stringMatching(/a record of an epoch in line 1 of .*metrics\.jsonl/),
    });
    expect(await contents(folder)).toEqual(before);
    const listed = JSON.parse((await run('runs', folder, '--json')).lines);
    expect(listed).toMatchObject([{ state: 'damaged', problem: expect.stringMatching(/line 1/) }]);
  });
});

test('a model is never written over: compress and binarize refuse it by any of its names', async () => {
  const folder = await copyOf(trained, 'kept');
  const own = join(folder, 'model.safetensors');
  await link(own, join(folder, 'linked.safetensors'));
  const before = await contents(folder);
  for (const out of [own, `${folder}/../kept/model.safetensors`, join(folder, 'linked.safetensors')])
    expect(await run('binarize', own, '--out', out)).toMatchObject({
      code: exitCodes.usage,
      notes: expect.stringMatching(/another file than the model/),
    });
  for (const out of [own, folder])
    expect(await run('compress', own, '--data', data, '--backend', 'reference', '--out', out)).toMatchObject({
      code: exitCodes.usage,
    });
  const unfit = ['--weight', 'tensorTrain:ranks=0', '--out', join(root, 'unfit')];
  expect((await run('compress', own, '--data', data, ...unfit)).code).not.toBe(exitCodes.ok);
  expect(await contents(folder)).toEqual(before);
  expect(await readdir(root)).not.toContain('unfit');
});

describe('what is not there, or is damaged, cannot be used: whichever flag names it', () => {
  const lists: [string[], string?][] = [
    [['train', '--resume', 'nope']],
    [['train', '--config', 'nope']],
    [['train', '--data', 'nope']],
    [['compare', '--resume', 'nope']],
    [['compare', '--config', 'nope']],
    [['eval', '--model', 'nope']],
    [['inspect', '--model', 'nope']],
    [['predict', '--model', 'nope', '--input', 'package.json']],
    [['compress', 'nope']],
    [['binarize', 'nope']],
  ];
  test.each(lists)('%j', async (args) => {
    const { code, notes, lines } = await run(...args);
    expect(code).toBe(exitCodes.usage);
    expect(notes).toContain('nope');
    expect(notes).not.toMatch(/\n +at |config\.json/);
    expect(lines).toBe('');
  });

  test('an input that is absent, a folder, or a device without an end', async () => {
    for (const [input, message] of [
      ['nope', /nope.*ENOENT/],
      [root, /a file or a pipe, got a folder/],
      ['/dev/zero', /a file or a pipe, got a device/],
    ] as const)
      expect(await run('predict', '--model', model, '--input', input)).toMatchObject({
        code: exitCodes.usage,
        notes: expect.stringMatching(message),
      });
  });

  test('damaged files', async () => {
    const path = join(root, 'damaged');
    await writeFile(path, 'x'.repeat(100));
    for (const args of [
      ['eval', '--model', path],
      ['inspect', '--model', path],
      ['compress', path],
      ['binarize', path],
    ])
      expect((await run(...args)).code).toBe(exitCodes.usage);
  });
});

describe('pipes', () => {
  const fifo = async (name: string): Promise<string> => {
    await promisify(execFile)('mkfifo', [join(root, name)]);
    return join(root, name);
  };

  test('are read to their end, up to a bound', async () => {
    const path = await fifo('written');
    const bytes = Buffer.from('[1,2,3]'.repeat(20_000));
    const [read] = await Promise.all([readBounded(path, { maxBytes: 1e6 }), writeFile(path, bytes)]);
    expect(read.equals(bytes)).toBe(true);
    const writer = writeFile(path, bytes).catch(() => {});
    await expect(readBounded(path, { maxBytes: 1000 })).rejects.toThrow(/at most 1000 bytes, got more/);
    await writer;
  });

  test('into which nobody writes are refused', async () => {
    const path = await fifo('silent');
    await expect(readBounded(path, { maxBytes: 1000, patienceMs: 100 })).rejects.toThrow(
      /nothing for 0\.1 s/,
    );
  });
});

describe('predict of very many', () => {
  const save = async (name: string, width: number, outputs: number): Promise<string> => {
    const path = join(root, name);
    const net = new Sequential([
      new Dense({ in: width, out: outputs, weight: hashedNet({ ratio: 1 / width }) }),
    ]);
    await net.save(path);
    return path;
  };

  test('outputs', async () => {
    const wide = await save('wide.safetensors', 4, 200_000);
    const input = join(root, 'one.json');
    await writeFile(input, '[0,0.5,0.25,1]');
    const { code, lines } = await run('predict', '--model', wide, '--input', input, '--json');
    expect(code).toBe(exitCodes.ok);
    expect(JSON.parse(lines)[0]).toHaveLength(200_000);
  });

  test('inputs', async () => {
    const narrow = await save('narrow.safetensors', 2, 2);
    const input = join(root, 'many.json');
    await writeFile(input, JSON.stringify(new Array(200_000).fill([0.5, 0.25])));
    const { code, lines } = await run('predict', '--model', narrow, '--input', input);
    expect(code).toBe(exitCodes.ok);
    expect(lines.split('\n')).toHaveLength(200_001);
  });
});

test('names from flags and files reach no terminal raw', async () => {
  for (const args of [
    ['train', '--data', 'a\u009b2Jb\u202e'],
    ['runs', 'a\u009b2Jb'],
    ['tra\u009bin'],
    ['train', '--config', 'a\u001b[31m\u009b'],
  ]) {
    const { notes } = await run(...args);
    expect(notes).toMatch(/\\u009b/);
    expect(notes.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
  }
});

test.each([['eval'], ['compress']])(
  '%s names --data where its images are of another size',
  async (command) => {
    const { code, notes } = await run(command, model, '--data', 'rect', '--test-count', '10');
    expect(notes).toContain(
      'data: expected samples of [6, 6, 1], which the model takes, got rect of [28, 28, 1]',
    );
    expect(notes).toContain('--data');
    expect(code).toBe(exitCodes.usage);
  },
);
