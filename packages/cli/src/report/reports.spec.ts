import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exitCodes } from '../main.ts';
import { run } from '../run-command.spec-kit.ts';
import { writeTinyImages } from '../tiny-images.spec-kit.ts';

let root: string;
let data: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'funhash-reports-'));
  // A shell must be told of both.
  data = join(root, "somebody's images");
  await writeTinyImages(data, 160, 60);
});
afterAll(() => rm(root, { recursive: true }));

const quick = ['--batch-size', '20', '--backend', 'reference', '--validation', '40', '--threads', '1'];

async function made(...args: string[]): Promise<string> {
  const done = await run(...args);
  expect(done, done.notes).toMatchObject({ code: exitCodes.ok });
  const [, report] = /look at (.*\.html)/.exec(done.notes) ?? [];
  return readFile(report as string, 'utf8');
}

const textOf = (html: string): string =>
  html.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');

/** Arguments as a shell gives them to the command that a report names. */
async function repeated(html: string): Promise<string[]> {
  const [, command] = /<code id="command">(.*?)<\/code>/s.exec(html) ?? [];
  const text = textOf(command as string);
  expect(text).toMatch(/^funhash /);
  const script = `set -- ${text.slice('funhash '.length)}\nfor each; do printf '%s\\0' "$each"; done`;
  const { stdout } = await promisify(execFile)('sh', ['-c', script]);
  return stdout.split('\0').slice(0, -1);
}

const chartsIn = (html: string): { title: string; series: { name: string }[] }[] =>
  JSON.parse(/id="charts">(.*?)<\/script>/s.exec(html)?.[1] as string);

const titlesIn = (html: string): string[] =>
  [...html.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, title]) => title as string);

/** Counts of the first confusion matrix of a page, [true, predicted]. */
function confusionIn(html: string): number[][] {
  const [matrix] = /<table class="confusion.*?<\/table>/s.exec(html) as RegExpExecArray;
  const rows = matrix.match(/<tr><th scope="row">.*?<\/tr>/gs) ?? [];
  return rows.map((row) => [...row.matchAll(/title="(\d+) of class/g)].map(([, count]) => Number(count)));
}

function requireSelfContained(html: string): void {
  expect(html).not.toMatch(/(src|href)="(?!data:)/);
  expect(html).not.toMatch(/url\(|@import|fetch\(/);
}

describe('train', () => {
  test('its report tells curves, confusion and sizes, and its command gives the same model', async () => {
    const [first, again] = [join(root, 'first'), join(root, 'again')];
    const odd = ['--no-relative-step', '--learning-rate', '0.003', '--flip', '--hidden', '12'];
    const steps = ['--accumulate', '2', '--average', '0.5', '--freeze', '0.bias', '2.bias'];
    const weights = ['--weights', 'hashedNet:1/2', 'dct2d(hashedNet):1/2,height=3,width=4,keep=2'];
    const html = await made(
      'train',
      '--data',
      data,
      ...quick,
      '--epochs',
      '2',
      ...odd,
      ...steps,
      ...weights,
      '--out',
      first,
    );
    requireSelfContained(html);
    expect(titlesIn(html).filter((title) => title !== 'Mistakes')).toEqual([
      'Learning curves',
      'Confusion',
      'Calibration',
      'What the hidden units look for',
      'Influence',
      'Sizes',
      'To repeat this',
    ]);
    expect(chartsIn(html).map(({ title, series }) => [title, series.length])).toEqual([
      ['Loss by epoch', 2],
      ['Validation error by epoch', 1],
    ]);
    const confusion = confusionIn(html);
    expect(confusion.map((row) => row.length)).toEqual(new Array(10).fill(10));
    const sum = confusion.flat().reduce((all, count) => all + count, 0);
    const right = confusion.reduce((all, row, k) => all + (row[k] as number), 0);
    const { testError, ...summary } = JSON.parse(await readFile(join(first, 'summary.json'), 'utf8'));
    expect(sum).toBe(60);
    expect(1 - right / sum).toBeCloseTo(testError, 6);
    // Pictures are for the page.
    expect(Object.keys(summary)).not.toContain('confusion');

    const args = await repeated(html);
    expect(args).toContain(data);
    expect(await run(...args, '--out', again)).toMatchObject({ code: exitCodes.ok });
    for (const name of ['model.safetensors', 'config.json'])
      expect(await readFile(join(again, name))).toEqual(await readFile(join(first, name)));
  });
});

describe('compare', () => {
  test('its command gives the same models; validation chooses; sizes that are equal have no chart', async () => {
    const [first, again] = [join(root, 'compared'), join(root, 'compared-again')];
    const arms = [
      '--schemes',
      'funHash,hashes=2,hashedNet',
      '--ratios',
      '1/2',
      '--seeds',
      '2',
      '--hidden',
      '12',
    ];
    const html = await made('compare', '--data', data, ...quick, '--epochs', '1', ...arms, '--out', first);
    requireSelfContained(html);
    expect(chartsIn(html).map(({ title }) => title)).toEqual(['Validation error by epoch']);
    const { arms: told } = JSON.parse(await readFile(join(first, 'summary.json'), 'utf8'));
    const meanOf = ({ validationErrors: [a, b] }: { validationErrors: number[] }) =>
      (a as number) + (b as number);
    const [best] = [...told].sort((a, b) => meanOf(a) - meanOf(b));
    const chosen = html.match(/<tr class="chosen">.*?<\/tr>/gs) ?? [];
    expect(chosen).toHaveLength(1);
    expect(chosen[0]).toContain(`${best.scheme}<span class="mark">chosen</span>`);
    expect(html.match(/<table class="confusion/g)).toHaveLength(2);
    // A spread is drawn in the cell of its bar, never over numbers.
    for (const cell of html.match(/<td[^>]*><span class="bar".*?<\/td>/gs) ?? [])
      expect(cell.replace(/<[^>]*>/g, '')).toBe('');

    expect(await run(...(await repeated(html)), '--out', again)).toMatchObject({ code: exitCodes.ok });
    const name = 'hashedNet_1_2-seed1.safetensors';
    expect(await readFile(join(again, name))).toEqual(await readFile(join(first, name)));
  });
});

describe('compress', () => {
  test('its report tells the fit and both trainings, and its command gives the same file', async () => {
    const model = join(root, 'dense', 'model.safetensors');
    await made(
      'train',
      '--data',
      data,
      ...quick,
      '--epochs',
      '1',
      '--hidden',
      '12',
      '--out',
      join(root, 'dense'),
    );
    const [first, again] = [join(root, 'small'), join(root, 'small-again')];
    const how = [
      '--weight',
      'lowRank:rank=2',
      '--layers',
      '0',
      '--epochs',
      '1',
      '--store-as',
      'i8',
      '--compress',
    ];
    const html = await made('compress', model, '--data', data, ...quick, ...how, '--out', first);
    requireSelfContained(html);
    expect(titlesIn(html)).toEqual(
      expect.arrayContaining(['Sizes', 'Fine-tuning', 'How the given model was trained', 'Confusion']),
    );
    expect(html).toContain('dense → lowRank');
    expect(await run(...(await repeated(html)), '--out', again)).toMatchObject({ code: exitCodes.ok });
    expect(await readFile(join(again, 'model.safetensors'))).toEqual(
      await readFile(join(first, 'model.safetensors')),
    );
  });
});

describe('binarize', () => {
  test('its report tells both sizes, and its command gives the same file', async () => {
    const folder = join(root, 'signs');
    const net = ['--model', 'bnn', '--widths', '16,16,16', '--dropout', '0'];
    await made('train', '--data', data, ...quick, '--epochs', '1', ...net, '--out', folder);
    const out = join(folder, 'bits.safetensors');
    const model = join(folder, 'model.safetensors');
    const html = await made('binarize', model, '--data', data, '--backend', 'reference', '--out', out);
    requireSelfContained(html);
    expect(titlesIn(html)).toEqual(
      expect.arrayContaining(['Sizes', 'Layers, packed', 'How the model was trained', 'Confusion']),
    );
    expect(html).toContain('all outputs for 60 test images are equal');
    const packed = await readFile(out);
    expect(await run(...(await repeated(html)))).toMatchObject({ code: exitCodes.ok });
    expect(await readFile(out)).toEqual(packed);
  });
});
