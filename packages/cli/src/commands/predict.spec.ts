import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { seriesWindows, wordsTransformation } from '@funhash/datasets';
import { Dense, Sequential } from '@funhash/layers';
import { recurrentNet } from '@funhash/models';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exitCodes } from '../main.ts';
import { run } from '../run-command.spec-kit.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'funhash-'));
});
afterAll(() => rm(root, { recursive: true }));

test('black strokes on nothing are classified on the ground that --background states, and not without', async () => {
  const model = join(root, 'net.safetensors');
  const image = join(root, 'stroke.png');
  const net = new Sequential([new Dense({ in: 4, out: 2 })]);
  net.signature = { input: [2, 2, 1], dtype: 'u8', scale: [0, 1] };
  await net.save(model);
  const picture = new PNG({ width: 2, height: 2 });
  picture.data.set([0, 0, 0, 255]);
  await writeFile(image, PNG.sync.write(picture));
  const predicted = (...args: string[]) =>
    run('predict', '--model', model, '--input', image, '--json', ...args);

  const without = await predicted();
  expect(without.code).not.toBe(exitCodes.ok);
  expect(without.notes).toMatch(/transparent pixel in column 1, row 0.*by background/);
  const answers = await Promise.all(
    ['white', '255', 'black', '0'].map(async (level) => (await predicted('--background', level)).lines),
  );
  const [white, bright, black, dark] = answers as [string, string, string, string];
  expect([white, black]).toEqual([bright, dark]);
  expect(white).not.toBe(black);
  for (const level of ['256', 'blue', '-1', '1e2', 'toString'])
    expect(await predicted(`--background=${level}`)).toMatchObject({
      code: exitCodes.usage,
      notes: expect.stringMatching(/--background: expected white, black, or a level/),
    });
});

test('texts, a line each, with the names of classes', async () => {
  const model = join(root, 'reader.safetensors');
  const net = recurrentNet({ input: [6], tokens: 5, classes: 2, hidden: 3, embeddingSize: 2, seed: 1 });
  net.signature = {
    input: [6],
    dtype: 'i32',
    classes: ['against', 'in favour'],
    transformation: wordsTransformation({ length: 6, keep: 'last', words: ['good', 'bad', 'film'] }),
  };
  await net.save(model);
  const texts = join(root, 'texts.txt');
  await writeFile(texts, 'A good film!\n\nbad\n');
  const { lines } = await run('predict', '--model', model, '--input', texts);
  expect(stripVTControlCharacters(lines)).toMatch(/^text +class/);
  expect(lines.match(/^ *\d +(against|in favour) /gm)).toHaveLength(2);
  const all = await run('predict', model, '--input', texts, '--json');
  expect(JSON.parse(all.lines)).toHaveLength(2);
  await writeFile(texts, '...\n');
  expect((await run('predict', model, '--input', texts)).notes).toContain('words in text 0');
  await writeFile(texts, '\n');
  expect((await run('predict', model, '--input', texts)).notes).toContain('a text in each line');
  await writeFile(texts, Uint8Array.of(0xff, 0xfe, 0x41));
  expect((await run('predict', model, '--input', texts)).notes).toContain('texts in UTF-8');
});

test('windows of a series, in its units', async () => {
  const model = join(root, 'forecast.safetensors');
  const columns = {
    heat: Array.from({ length: 40 }, (_, k) => 10 + (k % 5)),
    wind: Array.from({ length: 40 }, (_, k) => k % 3),
  };
  const { transformation } = seriesWindows({ columns, target: 'heat', window: 2 });
  const net = recurrentNet({ cell: 'gru', input: [2, 2], classes: 1, hidden: 3, seed: 1 });
  net.signature = { input: [2, 2], dtype: 'f32', ...(transformation && { transformation }) };
  await net.save(model);
  const windows = join(root, 'windows.json');
  await writeFile(windows, '[[[10, 0], [11, 1]], [[14, 2], [10, 0]]]');
  const { lines } = await run('predict', '--model', model, '--input', windows);
  expect(stripVTControlCharacters(lines)).toMatch(/^window +heat/);
  const numbers = JSON.parse((await run('predict', model, '--input', windows, '--json')).lines) as number[];
  expect(numbers).toHaveLength(2);
  for (const number of numbers) expect(Math.abs(number - 12)).toBeLessThan(5);
  await writeFile(windows, '[[10, 0, 1]]');
  expect((await run('predict', model, '--input', windows)).notes).toContain('inputs of 2 × 2 numbers');
});
