import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from '@funhash/layers';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as commands from './commands/index.ts';
import { exitCodes } from './main.ts';
import { run } from './run-command.spec-kit.ts';
import { printerTo, terminal } from './terminal/output.ts';
import { writeTinyImages } from './tiny-images.spec-kit.ts';

let root: string;
let data: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'funhash-'));
  data = join(root, 'tiny');
  await writeTinyImages(data);
});
afterAll(() => rm(root, { recursive: true }));

const json = async (...path: string[]): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(join(...path), 'utf8'));

const small = ['--hidden', '32', '--batch-size', '20', '--backend', 'reference', '--validation', '60'];

test('docs/command.md has a row for each command, and no other', async () => {
  const page = await readFile(new URL('../../../docs/command.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z-]+)[^|`]*` \|/gm)].map(([, name]) => name);
  const own = Object.values(commands).map((make) => make(printerTo(terminal)).name());
  expect(rows.sort()).toEqual(own.sort());
});

describe('train', () => {
  let folder: string;
  beforeAll(async () => {
    folder = join(root, 'first');
    const args = ['--weights', 'hashedNet:1/2', 'dense', '--epochs', '6', '--out', folder];
    const { code, lines, notes } = await run('train', '--data', data, ...small, ...args);
    expect(notes).toMatch(/epoch 6\/6: loss \d/);
    expect(lines).toMatch(/^test error \d+\.\d\d % with 938 stored values/);
    expect(code).toBe(exitCodes.ok);
  });

  test('learns, and leaves a whole run folder', async () => {
    const names = [
      'checkpoint.safetensors',
      'config.json',
      'images.json',
      'metrics.jsonl',
      'model.safetensors',
      'report.html',
      'spec.json',
      'summary.json',
    ];
    expect((await readdir(folder)).sort()).toEqual(names);
    const { testError, storedCount } = await json(folder, 'summary.json');
    expect(testError).toBeLessThan(0.2);
    expect(storedCount).toBe((36 * 32) / 2 + 32 + 320 + 10);
    const metrics = (await readFile(join(folder, 'metrics.jsonl'), 'utf8')).trim().split('\n');
    expect(metrics.map((line) => JSON.parse(line).epoch)).toEqual([1, 2, 3, 4, 5, 6]);
    expect((await load(join(folder, 'model.safetensors'))).summary().total.storedCount).toBe(storedCount);
  });

  test('the saved configuration gives the same model again, and flags come before it', async () => {
    const again = join(root, 'again');
    const config = join(folder, 'config.json');
    await run('train', '--config', config, '--out', again);
    expect(await readFile(join(again, 'model.safetensors'))).toEqual(
      await readFile(join(folder, 'model.safetensors')),
    );
    const other = join(root, 'other');
    await run('train', '--config', config, '--seed', '1', '--epochs', '1', '--out', other);
    expect(await json(other, 'config.json')).toEqual({ ...(await json(config)), seed: 1, epochs: 1 });
  });

  test('goes on from a checkpoint with more epochs, without repeating metrics', async () => {
    // As after a crash between the epoch and its checkpoint.
    await appendFile(join(folder, 'metrics.jsonl'), '{"epoch":7}\n');
    const { code } = await run('train', '--resume', join(folder, 'checkpoint.safetensors'), '--epochs', '7');
    expect(code).toBe(exitCodes.ok);
    const metrics = (await readFile(join(folder, 'metrics.jsonl'), 'utf8')).trim().split('\n');
    expect(metrics.map((line) => JSON.parse(line).epoch)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test('never writes into a folder that has files', async () => {
    const before = await readFile(join(folder, 'model.safetensors'));
    const { code, notes } = await run('train', '--data', data, ...small, '--out', folder);
    expect([code, notes]).toEqual([exitCodes.usage, expect.stringMatching(/a new or an empty folder/)]);
    expect(await readFile(join(folder, 'model.safetensors'))).toEqual(before);
  });

  test('eval, inspect and predict read its model', async () => {
    const model = join(folder, 'model.safetensors');
    const evaluated = await run('eval', '--model', model, '--data', data, '--json');
    expect(JSON.parse(evaluated.lines)).toMatchObject({ data: 'tiny', count: 100, storedCount: 938 });
    const inspected = JSON.parse((await run('inspect', '--model', model, '--json')).lines);
    expect(inspected.weights[0].loads[0]).toMatchObject({ name: 'w', length: 576, mean: 2 });
    expect(inspected.weights[0].positiveShare).toBeCloseTo(0.5, 1);
    expect((await run('inspect', '--model', model)).lines).toMatch(/0\.weight +w +576 /);

    const images = join(data, 't10k-images-idx3-ubyte');
    const all = JSON.parse((await run('predict', '--model', model, '--input', images, '--json')).lines);
    expect(all).toHaveLength(100);
    const bytes = (await readFile(images)).subarray(16, 52);
    const png = new PNG({ width: 6, height: 6 });
    bytes.forEach((level, k) => {
      png.data.set([level, level, level, 255], 4 * k);
    });
    await writeFile(join(root, 'first.png'), PNG.sync.write(png));
    await writeFile(join(root, 'first.json'), JSON.stringify(Array.from(bytes, (level) => level / 255)));
    for (const name of ['first.png', 'first.json']) {
      const { lines } = await run('predict', '--model', model, '--input', join(root, name), '--json');
      const [[best]] = JSON.parse(lines);
      expect(best.label).toBe(all[0][0].label);
      expect(best.probability).toBeCloseTo(all[0][0].probability, 5);
    }
    expect((await run('predict', '--model', model, '--input', join(root, 'first.png'))).lines).toMatch(
      /image +class/,
    );
  });
});

describe('compare', () => {
  const schemes = 'funHash,hashes=2,hashedNet,lowRank,narrow';
  let folder: string;
  let lines: string;
  beforeAll(async () => {
    folder = join(root, 'compare');
    const args = ['--schemes', schemes, '--ratios', '1/2,1/4', '--learning-rates', '0.2,0', '--seeds', '2'];
    const done = await run('compare', '--data', data, ...small, '--epochs', '2', ...args, '--out', folder);
    expect(done).toMatchObject({ code: exitCodes.ok });
    lines = done.lines;
  });

  test('prints every arm with mean and spread', () => {
    expect(lines.split('\n')).toHaveLength(1 + 4 * 2);
    expect(lines).toMatch(/funHash,hashes=2 +1\/2 +36-32-10 .*\d ± \d/);
  });

  test('chooses the step by validation, judges only that one, and keeps its models', async () => {
    const { arms } = (await json(folder, 'summary.json')) as { arms: Record<string, unknown>[] };
    expect(arms).toHaveLength(8);
    for (const arm of arms) {
      expect(arm.learningRate).toBe(0.2);
      expect(arm.testErrors).toHaveLength(2);
      for (const [k, name] of (arm.models as string[]).entries()) {
        const model = join(folder, name);
        expect((await readFile(model)).length).toBe(arm.bytesOnDisk);
        const args = ['--model', model, '--data', data, '--json', '--backend', 'reference'];
        expect(JSON.parse((await run('eval', ...args)).lines)).toMatchObject({
          errorRate: (arm.testErrors as number[])[k],
          storedCount: arm.stored,
        });
      }
    }
    const metrics = (await readFile(join(folder, 'metrics.jsonl'), 'utf8')).trim().split('\n');
    expect(metrics).toHaveLength(8 * 2 * 2 * 2);
  });

  test('the report is one file with curves, mistakes, units and the command to repeat it', async () => {
    const html = await readFile(join(folder, 'report.html'), 'utf8');
    expect(html).not.toMatch(/(src|href)="(?!data:)/);
    expect(html).not.toMatch(/url\(|@import|fetch\(/);
    const charts = JSON.parse(/id="charts">(.*?)<\/script>/s.exec(html)?.[1] as string);
    expect(charts.map(({ title }: { title: string }) => title)).toEqual([
      'Validation error by epoch, ratio 1/2',
      'Validation error by epoch, ratio 1/4',
      'Test error by stored size',
      'Validation error by step size, ratio 1/2',
      'Validation error by step size, ratio 1/4',
    ]);
    expect(charts[0].series).toHaveLength(4);
    expect(html.match(/alt="weights of hidden unit 0 of [^"]+, 1\/[24]"/g)).toHaveLength(8);
    expect(html).toMatch(/alt="test image \d+: \d taken for \d by [^"]+, [\d.]+ % sure"/);
    expect(html).toContain('--schemes funHash,hashes=2,hashedNet,lowRank,narrow');
    expect(html).toContain('new uPlot(');
  });

  test('equal configurations give equal bits', async () => {
    const again = join(root, 'compare-again');
    await run(
      'compare',
      '--config',
      join(folder, 'config.json'),
      '--threads',
      '1',
      '--schemes',
      'hashedNet',
      '--out',
      again,
    );
    const name = 'hashedNet_1_2-seed0.safetensors';
    expect(await readFile(join(again, name))).toEqual(await readFile(join(folder, name)));
  });

  test('a step that diverges is left out', async () => {
    const out = join(root, 'diverged');
    const args = [
      '--schemes',
      'hashedNet',
      '--ratios',
      '1/2',
      '--learning-rates',
      '0.2,1e6',
      '--epochs',
      '1',
    ];
    const { code } = await run('compare', '--data', data, ...small, ...args, '--out', out);
    expect(code).toBe(exitCodes.ok);
    const { arms } = (await json(out, 'summary.json')) as { arms: [{ learningRate: number }] };
    expect(arms[0].learningRate).toBe(0.2);
  });
});

test('schemes lists every option', async () => {
  const { lines } = await run('schemes');
  expect(lines).toMatch(/funHash.*1605\.06560/);
  expect(lines).toMatch(/hashes +one of 1, 2, 4, 8, 16 +4/);
  expect(JSON.parse((await run('schemes', '--json')).lines).length).toBeGreaterThan(5);
});

test('every command explains itself with examples', async () => {
  for (const command of ['train', 'compare', 'eval', 'predict', 'inspect', 'schemes']) {
    const { code, lines } = await run(command, '--help');
    expect(code).toBe(exitCodes.ok);
    expect(lines).toMatch(/Examples?:\n {2}\$ funhash/);
  }
});

describe('what cannot be done', () => {
  const refusals: [string[], number, RegExp][] = [
    [['tran'], 2, /unknown command 'tran'/],
    [['train', '--epohcs', '3'], 2, /unknown option '--epohcs'/],
    [['train', '--epochs', 'three'], 2, /epochs: a whole number from 1 to 1000000, got three/],
    [['train', '--data', 'nowhere'], 2, /IDX files of such a set, or one of mnist, .*, got nowhere/],
    [['train', '--weight', 'hashedNet:3'], 2, /a ratio above 0 and at most 1/],
    [['train', '--resume', 'x/y', '--out', 'z'], 2, /--resume alone/],
    [['compare', '--resume', 'x', '--out', 'z'], 2, /--resume alone/],
    [['compare', '--preset', 'imagenet'], 2, /one of mnist, got imagenet/],
    [['compare', '--schemes', 'dense'], 2, /called narrow/],
    [['compare', '--ratios', '1/64,0'], 2, /ratios: a list .* each a ratio above 0/],
    [['eval', '--model', 'absent.safetensors'], 2, /absent\.safetensors/],
    [['inspect'], 2, /the model is missing: funhash inspect <model file>/],
    [['inspect', 'package.json'], 2, /package\.json/],
  ];
  test.each(refusals)('%j ends with %d', async (args, code, message) => {
    const done = await run(...args);
    expect(done.notes).toMatch(message);
    expect(done.notes).not.toMatch(/\n +at /);
    expect(done).toMatchObject({ code, lines: '' });
  });

  test('a net that does not fit leaves no folder behind', async () => {
    const out = join(root, 'unfit');
    const args = ['--data', data, '--hidden', '32', '--backend', 'reference', '--out', out];
    expect((await run('train', ...args, '--weight', 'lowRank:1/64')).code).toBe(exitCodes.usage);
    expect((await run('train', ...args, '--train-count', '1000')).code).toBe(exitCodes.usage);
    await expect(readdir(out)).rejects.toThrow('ENOENT');
  });

  test('--verbose prints the stack', async () => {
    const { notes } = await run('--verbose', 'inspect', 'package.json');
    expect(notes).toMatch(/\n +at /);
  });
});
