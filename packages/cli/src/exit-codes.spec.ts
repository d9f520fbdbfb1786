import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelFileError } from '@funhash/codec';
import { Dense, Sequential } from '@funhash/layers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exitCodeOf, InterruptedError } from './errors.ts';
import { exitCodes } from './main.ts';
import { run } from './run-command.spec-kit.ts';
import { writeTinyImages } from './tiny-images.spec-kit.ts';

let root: string;
let places: Readonly<Record<string, string>>;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'funhash-codes-'));
  const at = (name: string): string => join(root, name);
  places = {
    data: at('tiny'),
    model: at('net.safetensors'),
    other: at('other.safetensors'),
    damaged: at('damaged.safetensors'),
    settings: at('broken.json'),
    unknown: at('unknown.json'),
    full: at('full'),
    none: at('nothing here'),
  };
  await writeTinyImages(at('tiny'), 60, 20);
  for (const [name, width] of [
    ['net', 36],
    ['other', 4],
  ] as const) {
    const net = new Sequential([new Dense({ in: width, out: 10 })]);
    net.signature = { input: [width], dtype: 'u8', scale: [0, 1] };
    await net.save(at(`${name}.safetensors`));
  }
  await writeFile(at('damaged.safetensors'), 'x'.repeat(100));
  await writeFile(at('broken.json'), '{"epochs": ');
  await writeFile(at('unknown.json'), '{"epohcs": 3}');
  await mkdir(at('full'));
  await writeFile(join(at('full'), 'mine.txt'), 'mine');
});
afterAll(() => rm(root, { recursive: true }));

/** A word in braces is a place of this spec. */
const filledIn = (line: string): string[] =>
  line.split(' ').map((word) => word.replace(/^\{(\w+)\}$/, (_, name) => places[name] as string));

/** Mistakes of one kind, one for each command that can make it: all end alike. */
const mistakes: Readonly<Record<string, readonly string[]>> = {
  'a command that does not exist': ['tran', 'help tran'],
  'a flag that does not exist': [
    ...['train', 'compare', 'compress {model}', 'binarize {model}', 'eval {model}'].map(
      (each) => `${each} --epohcs 3`,
    ),
    ...['inspect {model}', 'predict {model} --input {settings}', 'runs', 'schemes'].map(
      (each) => `${each} --epohcs 3`,
    ),
  ],
  'a flag without its value': [
    ...['train --epochs', 'compare --ratios', 'compress {model} --weight', 'binarize {model} --out'],
    ...['eval {model} --data', 'predict {model} --input', 'inspect --model'],
  ],
  'a value that a setting does not take': [
    ...[
      'train --epochs 0',
      'compare --ratios 0',
      'compress {model} --epochs -1',
      'binarize {model} --test-count 0',
    ],
    ...['eval {model} --backend fast', 'predict {model} --input {settings} --background blue'],
  ],
  'no model': ['compress', 'binarize', 'eval', 'inspect', 'predict --input {settings}'],
  'two models': [
    ...['compress', 'binarize', 'eval', 'inspect'].map((each) => `${each} {model} --model {model}`),
    'predict {model} --model {model} --input {settings}',
  ],
  'a model that is not there': [
    ...[
      'compress {none}',
      'binarize {none}',
      'eval {none}',
      'inspect {none}',
      'predict {none} --input {settings}',
    ],
    ...['compress', 'binarize', 'eval', 'inspect'].map((each) => `${each} --model {none}`),
  ],
  'a folder in place of a model': [
    ...[
      'compress {full}',
      'binarize {full}',
      'eval {full}',
      'inspect {full}',
      'predict {full} --input {settings}',
    ],
  ],
  'a damaged model': [
    ...['compress {damaged}', 'binarize {damaged}', 'eval {damaged}', 'inspect {damaged}'],
    'predict {damaged} --input {settings}',
  ],
  'a model that does not fit the images': ['compress {other} --data {data}', 'eval {other} --data {data}'],
  'data that are not there': [
    ...['train', 'compare', 'compress {model}', 'eval {model}', 'binarize {model}'].map(
      (each) => `${each} --data {none}`,
    ),
  ],
  'an input that does not fit': ['predict {model} --input {none}', 'predict {model} --input {settings}'],
  'settings that are not there': [
    'train --config {none}',
    'compare --config {none}',
    'compress {model} --config {none}',
  ],
  'settings that are no JSON': [
    ...['train --config {settings}', 'compare --config {settings}', 'compress {model} --config {settings}'],
  ],
  'settings with a stranger': [
    ...['train --config {unknown}', 'compare --config {unknown}', 'compress {model} --config {unknown}'],
  ],
  'a folder that has files': [
    ...['train', 'compare', 'compress {model}'].map(
      (each) => `${each} --data {data} --backend reference --out {full}`,
    ),
  ],
  'nothing to go on with': [
    'train --resume {none}',
    'compare --resume {none}',
    'train --resume {full}',
    'compare --resume {full}',
  ],
  'a scheme that does not exist': [
    ...['train --data {data} --weight hash:1/2', 'compare --data {data} --schemes hash'],
    'compress {model} --data {data} --weight hash',
  ],
  'a scheme that fits no layer': [
    'train --data {data} --hidden 8 --backend reference --weight lowRank:1/64',
    'compress {model} --data {data} --backend reference --weight lowRank:1/64',
  ],
  'a layer that does not exist': [
    'compress {model} --data {data} --backend reference --weight lowRank:rank=1 --layers 9',
  ],
  'a model without anything to pack': ['binarize {model}'],
};

describe.each(Object.entries(mistakes))('%s cannot be used: code 2, and nothing is printed', (_, lines) => {
  test.each(lines)('funhash %s', async (line) => {
    const { code, notes, lines: printed } = await run(...filledIn(line));
    expect([code, printed], notes).toEqual([exitCodes.usage, '']);
    expect(notes).not.toMatch(/\n +at /);
    expect(notes).not.toBe('');
  });
});

test('what fails on the way is a failure: code 1', async () => {
  const steps = ['--learning-rate', '1e6', '--no-relative-step', '--optimizer', 'sgd', '--epochs', '3'];
  const net = [
    '--data',
    places.data as string,
    '--hidden',
    '8,8,8,8,8,8',
    '--backend',
    'reference',
    '--batch-size',
    '10',
  ];
  const { code, notes } = await run('train', ...net, ...steps, '--out', join(root, 'diverged'));
  expect([code, notes]).toEqual([exitCodes.failure, expect.stringMatching(/expected a finite/)]);
});

describe('errors by what they mean', () => {
  const ofSystem = (code: string) =>
    Object.assign(new Error(`${code}: so it is`), { code, syscall: 'write' });
  const wrapped = (code: string) =>
    new ModelFileError(
      { operation: 'save', expected: 'room', actual: code, source: 'x' },
      { cause: ofSystem(code) },
    );

  test.each(['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE'])('%s is a failure, bare or as a cause', (code) => {
    expect([exitCodeOf(ofSystem(code)), exitCodeOf(wrapped(code))]).toEqual([1, 1]);
  });
  test.each(['ENOENT', 'EACCES', 'EISDIR', 'ENOTDIR'])('%s is a path that cannot be used', (code) => {
    expect([exitCodeOf(ofSystem(code)), exitCodeOf(wrapped(code))]).toEqual([2, 2]);
  });
  test('a fault of our own is a failure; a signal has 128 and its number', () => {
    expect(exitCodeOf(new TypeError('x is not a function'))).toBe(1);
    expect(exitCodeOf('thrown')).toBe(1);
    expect(exitCodeOf(new InterruptedError('', 'SIGINT'))).toBe(exitCodes.interrupted);
    expect(exitCodeOf(new InterruptedError('', 'SIGTERM'))).toBe(143);
  });
});

test('a model is named in one way by every command, behind the name or after --model', async () => {
  const { model = '', data = '' } = places;
  for (const [name, ...flags] of [['eval', '--data', data], ['inspect']] as const) {
    const [behind, after] = [await run(name, model, ...flags), await run(name, '--model', model, ...flags)];
    expect(behind, behind.notes).toMatchObject({ code: exitCodes.ok });
    expect(after).toEqual(behind);
  }
});

test('--version is that of the package', async () => {
  const { default: manifest } = await import('../package.json', { with: { type: 'json' } });
  expect(await run('--version')).toEqual({ code: exitCodes.ok, lines: manifest.version, notes: '' });
});
