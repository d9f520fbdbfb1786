import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inThisThread } from '../executors/executor.ts';
import { tinyRun } from '../run/tiny-run.spec-kit.ts';
import { newFolder, openFolder } from '../store/run-folder.ts';
import { runStore } from '../store/run-store.ts';
import { bestOf } from './goal.ts';
import { runSweep, type SweepEvent } from './run-sweep.ts';
import { scheduleOf } from './schedule.ts';
import { indexFile, readIndex } from './sweep-index.ts';
import { readSweep, sweepSpec } from './sweep-spec.ts';
import type { TrialOutcome } from './trial.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'funhash-sweep-'));
});
afterAll(() => rm(root, { recursive: true }));

const base = { ...tinyRun, epochs: 1 };
const vary = {
  'net.weights': ['dense', 'hashedNet:1/8'],
  'optimizer.learningRate': [0.1, 0.2],
  seed: [0, 1],
};

describe('what is tried', () => {
  test('a grid: every combination once', () => {
    const schedule = scheduleOf(sweepSpec({ base, vary }));
    const hashes = [];
    for (let trial = schedule.next(); trial; trial = schedule.next()) hashes.push(trial.hash);
    expect([schedule.count, hashes.length, new Set(hashes).size]).toEqual([8, 8, 8]);
  });

  test('drawn trials: by the seed, within their ranges', () => {
    const drawn = (seed: number) => {
      const vary = {
        'optimizer.learningRate': { from: 0.01, to: 1, scale: 'log' },
        batchSize: { from: 5, to: 9, whole: true },
      };
      const schedule = scheduleOf(sweepSpec({ base, vary, method: 'random', trials: 30, seed }));
      const list = [];
      for (let trial = schedule.next(); trial; trial = schedule.next()) list.push(trial.changes);
      return list;
    };
    const trials = drawn(3);
    expect(trials).toHaveLength(30);
    expect(drawn(3)).toEqual(trials);
    expect(drawn(4)).not.toEqual(trials);
    for (const { batchSize, 'optimizer.learningRate': rate } of trials) {
      expect([5, 6, 7, 8, 9]).toContain(batchSize);
      expect(rate).toBeGreaterThanOrEqual(0.01);
      expect(rate).toBeLessThanOrEqual(1);
    }
  });

  test('ASHA: the best quarter of a rung goes on, with four times the epochs, and nobody waits', () => {
    const sweep = sweepSpec({
      base: { ...base, epochs: 16 },
      vary: { 'optimizer.learningRate': { from: 0.1, to: 1 } },
      method: 'asha',
      trials: 32,
    });
    const schedule = scheduleOf(sweep);
    const count = [0, 0, 0];
    for (let trial = schedule.next(); trial; trial = schedule.next()) {
      expect(trial.spec.epochs).toBe(4 ** trial.rung);
      count[trial.rung] = (count[trial.rung] as number) + 1;
      const rate = trial.changes['optimizer.learningRate'] as number;
      schedule.report({ ...trial, epochs: trial.spec.epochs, error: rate, bytes: 1, seconds: 0 });
    }
    expect(schedule.count).toBe(32 + 8 + 2);
    expect(count[0]).toBe(32);
    // A promotion that a later trial outdoes is not taken back.
    expect(count[1]).toBeGreaterThanOrEqual(8);
    expect(count[1]).toBeLessThan(16);
    expect(count[2]).toBeGreaterThanOrEqual(2);
  });

  test.each<[unknown, RegExp]>([
    [{ vary: { 'net.weihgts': ['dense'] } }, /did you mean weights/],
    [{ vary: { __proto__x: [1] } }, /did you mean|unknown|expected/i],
    [{ vary: { 'a.__proto__.b': [1] } }, /expected/],
    [{ vary: {} }, /1 to 32 fields/],
    [{ vary: { seed: { from: 2, to: 1 } } }, /from below to/],
    [{ vary: { seed: { form: 2, to: 1 } } }, /did you mean from/],
    [{ vary: { seed: { from: 1, to: 2 } } }, /a list of values for seed/],
    [{ vary: { epochs: [1] }, method: 'asha' }, /epochs in base alone/],
    [{ vray: {} }, /did you mean vary/],
    [7, /sweep/],
  ])('%j is refused', (given, message) => {
    expect(() => scheduleOf(sweepSpec(given)).next()).toThrow(message);
  });

  test('text that is no JSON is refused with its place', () => {
    expect(() => readSweep('{', 'my.json')).toThrow(/my\.json: expected .* at character 1/);
  });
});

async function sweepIn(
  name: string,
  given: object,
  options: { signal?: AbortSignal; stopAfter?: number } = {},
) {
  const folder = await openFolder(join(root, name));
  const events: SweepEvent[] = [];
  const controller = new AbortController();
  try {
    for await (const event of runSweep({
      sweep: sweepSpec(given),
      folder,
      store: runStore(join(root, name, 'runs')),
      executor: inThisThread,
      atATime: 2,
      signal: controller.signal,
    })) {
      events.push(event);
      if (options.stopAfter !== undefined && events.length > options.stopAfter)
        controller.abort(new Error('halted'));
    }
  } finally {
    await folder.release();
  }
  return events.flatMap((event) => (event.type === 'trial' ? [event.outcome] : []));
}

const withoutTimes = (outcomes: readonly TrialOutcome[]) =>
  outcomes.map(({ seconds: _, ...outcome }) => outcome).sort((a, b) => (a.hash < b.hash ? -1 : 1));

describe('a sweep in a folder', () => {
  const grid = { base, vary: { ...vary, seed: [0] } };
  let whole: TrialOutcome[];
  beforeAll(async () => {
    whole = await sweepIn('whole', grid);
  });

  test('tells what each run came to, by its validation error', async () => {
    expect(whole).toHaveLength(4);
    expect(await readIndex(join(root, 'whole'))).toEqual(whole);
    for (const { error, bytes } of whole) expect([typeof error, typeof bytes]).toEqual(['number', 'number']);
    const best = bestOf(whole);
    expect(Math.min(...whole.map(({ error }) => error as number))).toBe(best?.error);
    expect(bestOf(whole, { bytes: 1 })).toBeUndefined();
  });

  test('interrupted, it goes on to the same end', async () => {
    await expect(sweepIn('halted', grid, { stopAfter: 2 })).rejects.toThrow('halted');
    expect((await readIndex(join(root, 'halted'))).length).toBeLessThan(4);
    const rest = await sweepIn('halted', grid);
    expect(withoutTimes(rest)).toEqual(withoutTimes(whole));
    const again = await sweepIn('halted', grid);
    expect(withoutTimes(again)).toEqual(withoutTimes(whole));
  });

  test('its index is made anew from the folders of its runs', async () => {
    await sweepIn('indexless', grid);
    const index = join(root, 'indexless', indexFile);
    await writeFile(index, `${(await readFile(index, 'utf8')).split('\n')[0]}\n{"number":1,`);
    expect(withoutTimes(await sweepIn('indexless', grid))).toEqual(withoutTimes(whole));
    await appendFile(index, 'x');
    expect((await readIndex(join(root, 'indexless'))).length).toBeGreaterThan(2);
  });

  test('a run that cannot be fails by itself', async () => {
    const poisoned = { base, vary: { 'net.weights': ['lowRank:1/512', 'dense'] } };
    const outcomes = await sweepIn('poisoned', poisoned);
    expect(outcomes.map(({ error }) => error === null).sort()).toEqual([false, true]);
    expect(outcomes.find(({ error }) => error === null)?.failure).toMatch(/lowRank/);
  });

  test('ASHA gives runs of several lengths', async () => {
    const outcomes = await sweepIn('asha', {
      base: { ...base, epochs: 2 },
      vary: { seed: [0, 1, 2, 3] },
      method: 'asha',
      trials: 4,
      factor: 2,
    });
    expect(outcomes.map(({ epochs }) => epochs).sort()).toEqual(expect.arrayContaining([1, 2]));
    expect(new Set(outcomes.map(({ hash }) => hash)).size).toBeGreaterThan(1);
  });

  test('a folder with another sweep is left alone', async () => {
    await expect(newFolder(join(root, 'whole'))).rejects.toThrow(/new or an empty folder/);
  });
});
