import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FunhashError } from '@funhash/hashing';
import { load } from '@funhash/layers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadImages } from '../data/load-data.ts';
import { atPath } from '../files/file-fault.ts';
import type { DataSpec, RunRequest } from '../spec/run-spec.ts';
import { readMetrics } from '../store/metrics.ts';
import { newFolder, openFolder, type RunFolder, runFiles } from '../store/run-folder.ts';
import type { RunEvent } from './run-event.ts';
import { runTraining } from './run-training.ts';
import { eventsOf, lastOf, tinyRun } from './tiny-run.spec-kit.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'funhash-run-'));
});
afterAll(() => rm(root, { recursive: true }));

/** Every file of a folder, byte by byte. */
async function contents(path: string): Promise<Record<string, string>> {
  const names = (await readdir(path)).sort();
  const read = async (name: string) => [name, (await readFile(join(path, name))).toString('base64')];
  return Object.fromEntries(await Promise.all(names.map(read)));
}

/** What a run leaves, without durations. */
async function remains(path: string): Promise<object> {
  const bytes = (name: string): Promise<Buffer> => readFile(join(path, name));
  return {
    model: await bytes(runFiles.model),
    checkpoint: await bytes(runFiles.checkpoint),
    result: await bytes(runFiles.result),
    spec: await bytes(runFiles.spec),
    metrics: (await readMetrics(path)).epochs.map(({ seconds: _, ...record }) => record),
  };
}

describe('a run in a folder', () => {
  let path: string;
  let events: RunEvent[];
  beforeAll(async () => {
    path = join(root, 'whole');
    events = await eventsOf(runTraining(tinyRun, { folder: () => newFolder(path), reportEverySteps: 1 }));
  });

  test('tells of its start, steps, epochs, end and result', () => {
    const kinds = events.map(({ type }) => type);
    const epoch = [...new Array<string>(4).fill('step'), 'epoch', 'checkpoint'];
    expect(kinds).toEqual(['start', ...epoch, ...epoch, ...epoch, 'end', 'result']);
    expect(events[0]).toMatchObject({
      folder: path,
      backend: 'reference',
      data: { name: 'rect', train: 80, validation: 20, test: 20 },
      ...{ epoch: 0, step: 0, epochs: 3, steps: 12 },
    });
  });

  test('events are JSON', () => {
    for (const event of events) expect(JSON.parse(JSON.stringify(event))).toEqual(event);
  });

  test('leaves its spec, metrics, checkpoint, model and result', async () => {
    expect((await readdir(path)).sort()).toEqual(Object.values(runFiles).sort());
    const { result } = lastOf(events, 'result') ?? {};
    expect(JSON.parse(await readFile(join(path, runFiles.result), 'utf8'))).toEqual(result);
    expect(result?.fileTestError).toBe(result?.testError);
    const model = await load(join(path, runFiles.model));
    expect(model.summary().total.storedCount).toBe(result?.storedCount);
  });

  test('aborted within an epoch, it goes on bit for bit', async () => {
    const halted = join(root, 'halted');
    const controller = new AbortController();
    const options = { folder: () => openFolder(halted), reportEverySteps: 1 };
    const first: RunEvent[] = [];
    for await (const event of runTraining(tinyRun, { ...options, signal: controller.signal })) {
      first.push(event);
      if (event.type === 'step' && event.step === 6) controller.abort();
    }
    expect(lastOf(first, 'end')).toMatchObject({ reason: 'aborted', step: 6 });
    expect(lastOf(first, 'result')).toBeUndefined();
    const second = await eventsOf(runTraining(tinyRun, options));
    expect(second[0]).toMatchObject({ type: 'start', step: 6, epoch: 2 });
    expect(await remains(halted)).toEqual(await remains(path));
  });

  test('a last line that was cut short, and epochs after the checkpoint, do not hinder it', async () => {
    const torn = join(root, 'torn');
    const controller = new AbortController();
    const options = { folder: () => openFolder(torn) };
    for await (const event of runTraining(tinyRun, { ...options, signal: controller.signal }))
      if (event.type === 'checkpoint') controller.abort();
    const metrics = join(torn, runFiles.metrics);
    const [line] = (await readFile(metrics, 'utf8')).split('\n') as [string];
    const second = line.replace('"epoch":1', '"epoch":2').replace('"step":4', '"step":8');
    await writeFile(metrics, `${line}\n${second}\n${line.slice(0, 20)}`);
    const events = await eventsOf(runTraining(tinyRun, options));
    expect(lastOf(events, 'notice')?.message).toContain('metrics.jsonl was cut short, and is dropped: "{');
    expect(await remains(torn)).toEqual(await remains(path));
  });

  test('an epoch that was recorded after its last checkpoint stands once', async () => {
    const halted = join(root, 'within');
    const controller = new AbortController();
    const options = { folder: () => openFolder(halted), reportEverySteps: 1 };
    for await (const event of runTraining(tinyRun, { ...options, signal: controller.signal }))
      if (event.type === 'step' && event.step === 6) controller.abort();
    // As where a process went on from there, and was killed after the epoch.
    const [line] = (await readFile(join(halted, runFiles.metrics), 'utf8')).split('\n') as [string];
    const second = line.replace('"epoch":1', '"epoch":2').replace('"step":4', '"step":8');
    await writeFile(join(halted, runFiles.metrics), `${line}\n${second}\n`);
    await eventsOf(runTraining(tinyRun, options));
    const lines = (await readFile(join(halted, runFiles.metrics), 'utf8')).trim().split('\n');
    expect(lines.map((text) => JSON.parse(text).epoch)).toEqual([1, 2, 3]);
    expect(await remains(halted)).toEqual(await remains(path));
  });

  test.each<[string, RunRequest, RegExp]>([
    [
      'other batches',
      { batchSize: 34 },
      /with batchSize 20, got batchSize 34\. Only epochs, storage and judge/,
    ],
    ['another seed', { seed: 1 }, /with seed 0, got seed 1/],
    ['another rate', { optimizer: { learningRate: 0.3 } }, /optimizer\.learningRate by default, got .* 0\.3/],
    ['another rule', { optimizer: { rule: 'sgd' } }, /optimizer\.rule "adam"/],
    ['another loss', { loss: 'squaredHinge' }, /loss/],
    ['other images', { data: { ...tinyRun.data, seed: 5 } }, /data\.seed 0, got data\.seed 5/],
    ['other changes to them', { augment: { flip: true } }, /augment\.flip false/],
    ['another scheme', { net: { ...tinyRun.net, weights: 'hashedNet:1/4' } }, /net\.weights/],
    ['two differences', { batchSize: 34, schedule: 'constant' }, /batchSize 34, schedule "constant"/],
    ['fewer epochs than are done', { epochs: 2 }, /at least 3 epochs.*got 2/],
  ])('%s: going on is refused, and nothing is written', async (name, change, message) => {
    const begun = join(root, name.replaceAll(' ', '-'));
    await cp(path, begun, { recursive: true });
    const before = await contents(begun);
    const files = { 'config.json': { overwritten: true } };
    const options = { folder: () => openFolder(begun), files };
    await expect(eventsOf(runTraining({ ...tinyRun, ...change }, options))).rejects.toThrow(message);
    expect(await contents(begun)).toEqual(before);
  });

  test.each([
    ['a label', 'labels', 0],
    ['a pixel of another', 'inputs', 784 * 50 + 400],
    ['the last pixel', 'inputs', 784 * 100 - 1],
  ] as const)(
    '%s that changed behind the name of the data is refused, nothing is written',
    async (_, field, at) => {
      const augmented = { ...tinyRun, augment: { shift: 1 } };
      const begun = join(root, `changed-${at}`);
      await eventsOf(runTraining(augmented, { folder: () => openFolder(begun) }));
      const before = await contents(begun);
      const load = async (data: DataSpec) => {
        const found = await loadImages(data);
        const changed = Uint8Array.from(found.train[field]);
        changed[at] = 1 - (changed[at] as number);
        return { ...found, train: { ...found.train, [field]: changed } };
      };
      const again = runTraining({ ...augmented, epochs: 4 }, { folder: () => openFolder(begun), load });
      await expect(eventsOf(again)).rejects.toThrow(/images with which the run has begun, got others/);
      expect(await contents(begun)).toEqual(before);
    },
  );

  test.each<[string, (bytes: Buffer) => Buffer]>([
    ['a torn checkpoint', (bytes) => bytes.subarray(0, bytes.length / 2)],
    ['a checkpoint of zeros', (bytes) => Buffer.alloc(bytes.length)],
  ])('%s is refused, and nothing is written', async (name, damage) => {
    const begun = join(root, name.replaceAll(' ', '-'));
    await cp(path, begun, { recursive: true });
    const checkpoint = join(begun, runFiles.checkpoint);
    await writeFile(checkpoint, damage(await readFile(checkpoint)));
    const before = await contents(begun);
    const options = { folder: () => openFolder(begun), files: { 'config.json': {} } };
    await expect(eventsOf(runTraining(tinyRun, options))).rejects.toThrow(FunhashError);
    expect(await contents(begun)).toEqual(before);
  });

  test('what may change is told and stored anew: more epochs, another format', async () => {
    const begun = join(root, 'longer');
    await cp(path, begun, { recursive: true });
    const longer = { ...tinyRun, epochs: 4, storage: { storeAs: 'f16' as const }, judge: { mistakes: 1 } };
    const options = { folder: () => openFolder(begun), files: { 'config.json': { mine: true } } };
    expect(lastOf(await eventsOf(runTraining(longer, options)), 'result')).toBeDefined();
    expect(JSON.parse(await readFile(join(begun, 'config.json'), 'utf8'))).toEqual({ mine: true });
    expect(JSON.parse(await readFile(join(begun, runFiles.spec), 'utf8'))).toMatchObject({ epochs: 4 });
  });

  test('a disk that is full between epochs ends the run with what to do; it goes on when there is room', async () => {
    const full = join(root, 'full');
    let hasRoom = true;
    const folder = async (): Promise<RunFolder> => {
      const real = await openFolder(full);
      const append: RunFolder['append'] = (name, value) =>
        hasRoom
          ? real.append(name, value)
          : atPath(real.file(name), 'write', 'a file that grows', async () => {
              throw Object.assign(new Error('ENOSPC: no space left on device, write'), {
                ...{ code: 'ENOSPC', syscall: 'write' },
              });
            });
      return { ...real, append };
    };
    const filling = async (): Promise<void> => {
      for await (const event of runTraining(tinyRun, { folder }))
        if (event.type === 'checkpoint') hasRoom = false;
    };
    await expect(filling()).rejects.toThrow(/ENOSPC: no space left on device: .*metrics\.jsonl\. Make room/);
    hasRoom = true;
    await eventsOf(runTraining(tinyRun, { folder }));
    expect(await remains(full)).toEqual(await remains(path));
  });

  test('more epochs go on from the end', async () => {
    const events = await eventsOf(runTraining({ ...tinyRun, epochs: 4 }, { folder: () => openFolder(path) }));
    expect(events[0]).toMatchObject({ type: 'start', epoch: 3 });
    expect((await readMetrics(path)).epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4]);
  });
});

test.each<[string, object]>([
  ['a scheme that does not fit', { net: { ...tinyRun.net, weights: 'lowRank:1/512' } }],
  ['too few images', { data: { ...tinyRun.data, validation: 0 } }],
  ['a data set that does not exist', { data: { name: 'nowhere' } }],
  ['widths that the model does not have', { net: { model: 'lenet5', widths: [1] } }],
  ['a file that is absent', { net: { file: join('no', 'such.safetensors') } }],
])('%s: nothing is written', async (_, change) => {
  const path = join(root, 'never');
  let isClaimed = false;
  const folder = () => {
    isClaimed = true;
    return newFolder(path);
  };
  await expect(eventsOf(runTraining({ ...tinyRun, ...change }, { folder }))).rejects.toThrow();
  expect(isClaimed).toBe(false);
  expect(await readdir(root)).not.toContain('never');
});

test('a run that diverges says so, and gives no result', async () => {
  const diverging = { ...tinyRun, optimizer: { rule: 'sgd', relativeStep: false, learningRate: 1e6 } };
  const events = await eventsOf(runTraining(diverging));
  expect(lastOf(events, 'end')).toMatchObject({
    reason: 'diverged',
    message: expect.stringMatching(/finite/),
  });
  expect(lastOf(events, 'result')).toBeUndefined();
});

describe('a net from a file', () => {
  let model: Uint8Array;
  let file: string;
  let testError: number | undefined;
  beforeAll(async () => {
    file = join(root, 'model.safetensors');
    const events = await eventsOf(
      runTraining(tinyRun, {
        onModel: (bytes) => {
          model = bytes;
        },
      }),
    );
    await writeFile(file, model);
    testError = lastOf(events, 'result')?.result.testError;
  });

  test('without epochs it is judged: mistakes, units, the same error', async () => {
    const judge = { mistakes: 5, units: 3 };
    const events = await eventsOf(runTraining({ ...tinyRun, net: { file }, epochs: 0, judge }));
    const { result } = lastOf(events, 'result') ?? {};
    expect(result?.testError).toBe(testError);
    expect(result?.units?.map((row) => row.length)).toEqual([784, 784, 784]);
    const wrong = Math.round((testError as number) * 20);
    expect(result?.mistakes).toHaveLength(Math.min(5, wrong));
    for (const event of events) expect(JSON.parse(JSON.stringify(event))).toEqual(event);
  });

  test('with a scheme it is fitted and trained on', async () => {
    const spec = { ...tinyRun, net: { file, weights: ['lowRank:rank=2', 'dense'] }, epochs: 1 };
    const events = await eventsOf(runTraining(spec));
    expect(events.map(({ type }) => type)).toEqual(
      ['fitted', 'start', 'step', 'epoch', 'end', 'result'].filter((type) => type !== 'step'),
    );
    expect(events[0]).toMatchObject({ before: testError, report: { weights: [{}, {}] } });
  });

  test('other bytes than those of the spec are refused', async () => {
    const spec = { ...tinyRun, net: { file, sha256: '0'.repeat(64) }, epochs: 0 };
    await expect(eventsOf(runTraining(spec))).rejects.toThrow(/the file of SHA-256 000/);
  });
});
