import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { random } from '@funhash/hashing';
import { load } from '@funhash/layers';
import { type Examples, predict } from '@funhash/training';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunRequest } from '../spec/run-spec.ts';
import { runSpec, specHash } from '../spec/run-spec.ts';
import { runTraining } from './run-training.ts';
import { teacherOf } from './teacher.ts';
import { eventsOf, lastOf, tinyRun } from './tiny-run.spec-kit.ts';

const plain = { ...tinyRun, net: { widths: [8], dropout: 0 } } as const satisfies RunRequest;

async function modelOf(more: RunRequest): Promise<Uint8Array> {
  let file: Uint8Array | undefined;
  await eventsOf(
    runTraining(
      { ...plain, ...more },
      {
        onModel: (bytes) => {
          file = bytes;
        },
      },
    ),
  );
  return file as Uint8Array;
}

let folder: string;
let file: string;
let bytes: Uint8Array;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'funhash-teacher-'));
  file = join(folder, 'model.safetensors');
  bytes = await modelOf({ epochs: 12 });
  await writeFile(file, bytes);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const rect = { classes: 2, name: 'rect' };
const draw = random(1);
const examples = {
  inputs: Float32Array.from({ length: 6 * 784 }, () => draw.uniform()),
  labels: Uint8Array.of(0, 1, 1, 0, 1, 0),
};
async function targetsAt(share: number, data: Examples = examples): Promise<number[]> {
  const teacher = await teacherOf({ file, share }, rect, 'softmaxCrossEntropy');
  const { targets } = (await teacher.taught(data)) as { targets: Float32Array };
  teacher.dispose();
  return Array.from(targets);
}

test('targets are shares of labels and of the softmax of what the teacher says', async () => {
  const net = await load(bytes);
  const { data: scores } = await predict(net, examples.inputs, { count: 6 });
  const softmax = Array.from({ length: 12 }, (_, k) => {
    const row = [scores[k & ~1], scores[k | 1]] as [number, number];
    return Math.exp(scores[k] as number) / (Math.exp(row[0]) + Math.exp(row[1]));
  });
  const labels = [1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 1, 0];
  for (const share of [0, 0.3, 1]) {
    const expected = labels.map((label, k) => (1 - share) * label + share * (softmax[k] as number));
    const targets = await targetsAt(share);
    for (const [k, target] of targets.entries()) expect(target).toBeCloseTo(expected[k] as number, 5);
  }
});

test('batches are taught as they come, with the bits of examples in memory', async () => {
  const teacher = await teacherOf({ file, share: 0.7 }, rect, 'softmaxCrossEntropy');
  const batches = [0, 1, 2].map((k) => ({
    inputs: examples.inputs.subarray(2 * k * 784, 2 * (k + 1) * 784),
    labels: examples.labels.subarray(2 * k, 2 * k + 2),
  }));
  const data = (await teacher.taught(() => batches)) as (epoch: number) => AsyncIterable<Examples>;
  const taught: number[] = [];
  for await (const { targets } of data(0)) taught.push(...(targets as Float32Array));
  expect(taught).toEqual(await targetsAt(0.7));
});

test.each<[string, RunRequest]>([
  ['images as they are', {}],
  ['images that change', { augment: { shift: 1 } }],
])('%s: a run learns of its teacher', async (_, more) => {
  const base = { ...plain, ...more, optimizer: { rule: 'sgd', learningRate: 0.1 } } as const;
  const losses = await Promise.all(
    [{}, { teacher: { file, share: 0 } }, { teacher: { file, share: 1 } }].map(async (given) => {
      const events = await eventsOf(runTraining({ ...base, ...given }));
      return lastOf(events, 'epoch')?.validation?.loss as number;
    }),
  );
  expect(losses[1]).toBeCloseTo(losses[0] as number, 4);
  expect(Math.abs((losses[2] as number) - (losses[0] as number))).toBeGreaterThan(1e-4);
});

test('a teacher is part of what a run is', () => {
  const hash = (more: RunRequest): string => specHash(runSpec({ ...plain, ...more }));
  expect(hash({ teacher: { file: 'a' } })).not.toBe(hash({}));
  expect(hash({ teacher: { file: 'a', share: 0.5 } })).toBe(hash({ teacher: { file: 'a' } }));
  expect(hash({ teacher: { file: 'a', share: 0.4 } })).not.toBe(hash({ teacher: { file: 'a' } }));
  expect(() => runSpec({ ...plain, teacher: { file: 'a', shaer: 1 } })).toThrow(/share/);
  expect(() => runSpec({ ...plain, teacher: { share: 0.5 } })).toThrow(/file/);
});

test('who cannot teach is refused', async () => {
  const of = (spec: object, data: object = rect, loss = 'softmaxCrossEntropy') =>
    teacherOf({ file, share: 0.5, ...spec }, data as typeof rect, loss);
  await expect(of({ sha256: '0'.repeat(64) })).rejects.toThrow(/SHA-256/);
  await expect(of({}, { name: 'houses' })).rejects.toThrow(/numbers are to be found/);
  await expect(of({}, rect, 'squaredHinge')).rejects.toThrow(/squaredHinge/);
  await expect(of({ file: join(folder, 'none') })).rejects.toThrow(/none/);
  const ten = await of({}, { classes: 10, name: 'mnist' });
  await expect(ten.taught(examples)).rejects.toThrow(/\[N, 10\]/);
});
