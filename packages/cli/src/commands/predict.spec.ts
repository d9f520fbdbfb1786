import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Dense, Sequential } from '@funhash/layers';
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
