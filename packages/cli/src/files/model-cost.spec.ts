import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Conv2d,
  Dense,
  Flatten,
  hashedNet,
  type Module,
  Reshape,
  Sequential,
  Upsample,
} from '@funhash/layers';
import { currentBackend } from '@funhash/tensor';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exitCodes } from '../main.ts';
import { run } from '../run-command.spec-kit.ts';
import { batchFor, modelCost } from './model-cost.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'funhash-cost-'));
});
afterAll(() => rm(root, { recursive: true }));

async function saved(name: string, net: Module): Promise<string> {
  const path = join(root, name);
  await net.save(path);
  return path;
}

test('counts products of plain and of hashed layers, and the largest tensor; the backend stays', async () => {
  for (const weight of [undefined, hashedNet({ ratio: 1 / 8 })]) {
    const dense = (width: number, out: number) => new Dense({ in: width, out, ...(weight && { weight }) });
    const path = await saved('dense', new Sequential([dense(64, 100), dense(100, 10)]));
    const before = currentBackend();
    const { work, elements } = (await modelCost(path, 64)) ?? { work: 0, elements: 0 };
    expect(currentBackend()).toBe(before);
    expect(work).toBeGreaterThanOrEqual(64 * 100 + 100 * 10);
    expect(work).toBeLessThan(4 * (64 * 100 + 100 * 10));
    expect(elements).toBeLessThanOrEqual(6400);
  }
  const images = new Sequential([
    new Reshape({ shape: [28, 28, 1] }),
    new Conv2d({ in: 1, out: 8, kernelSize: 5, padding: 'same' }),
    new Flatten(),
  ]);
  const { work = 0 } = (await modelCost(await saved('conv', images), 784)) ?? {};
  expect(work).toBeGreaterThanOrEqual(784 * 25 * 8);
  expect(work).toBeLessThan(10 * 784 * 25 * 8);
});

test('small files that ask for very much are refused before they run', async () => {
  const cases: [string, Module, number][] = [
    ['upsample', new Sequential([new Reshape({ shape: [28, 28, 1] }), new Upsample({ scale: 4000 })]), 784],
    [
      'wide',
      new Sequential([new Dense({ in: 1, out: 2 ** 28, bias: false, weight: hashedNet({ buckets: 4 }) })]),
      1,
    ],
  ];
  for (const [name, net, width] of cases) {
    const path = await saved(name, net);
    const input = join(root, `${name}.json`);
    await writeFile(input, JSON.stringify(new Array(width).fill(0.5)));
    const begun = performance.now();
    const { code, notes } = await run('predict', '--model', path, '--input', input);
    expect(notes).toMatch(/predict: expected a model that takes at most .* Run it by predict/);
    expect(code).toBe(exitCodes.usage);
    // Run, they take 40 s and more.
    expect(performance.now() - begun).toBeLessThan(20_000);
  }
});

test('batches become smaller where inputs become larger', () => {
  expect(batchFor(undefined)).toBe(500);
  expect(batchFor({ work: 1, elements: 2 ** 26 })).toBe(2);
  expect(batchFor({ work: 1, elements: 2 ** 20 })).toBe(128);
});
