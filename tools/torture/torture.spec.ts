import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readLoss, runTrials, tableOf } from './run-trials.ts';
import { demand, LossError, NotPossibleError, type Trial } from './trial.ts';
import { fuzzing } from './trials/fuzz.ts';
import * as trials from './trials/index.ts';

const lostFolder = mkdtempSync(join(tmpdir(), 'torture-spec-'));
afterAll(() => rmSync(lostFolder, { recursive: true }));

/** Tries of each trial that a spec has time for. */
const few: Readonly<Record<keyof typeof trials, number>> = {
  ...{ fuzz: 1000, kills: 3, disk: 3, names: 4, concurrent: 4, batches: 45, iterators: 1, leaks: 50 },
};

describe.each(Object.values(trials) as Trial[])('$name', (trial) => {
  test(`${few[trial.name as keyof typeof trials]} tries, none lost`, {
    timeout: 240_000,
  }, async (context) => {
    const [outcome] = await runTrials([trial], {
      seed: 1,
      tries: (name) => few[name as keyof typeof trials],
      lostFolder,
    });
    if (outcome?.notPossible !== undefined)
      context.skip(`${trial.name} is not possible here: ${outcome.notPossible}`);
    expect(outcome?.losses).toEqual([]);
    expect(outcome?.survived).toBe(few[trial.name as keyof typeof trials]);
  });
});

test('a fuzzer finds each fault that was planted, and only those', { timeout: 240_000 }, async () => {
  const parsers = new URL('./fuzz/planted.spec-kit.ts', import.meta.url);
  const [outcome] = await runTrials([fuzzing({ parsers, patienceMs: 4000 })], {
    seed: 1,
    tries: () => 10,
    lanes: 1,
    lostFolder,
  });
  const found = outcome?.losses
    .map(({ what }) => (what.split('\n')[0] as string).replace(/\d+ (ms|MiB)/, '# $1').slice(0, 50))
    .sort();
  expect(found).toEqual([
    'bomb: # MiB for 3 bytes',
    expect.stringMatching(/^crashes: the process ended with SIGABRT/),
    'endless: no end after # ms for 3 bytes',
    'pollutes: Object.prototype was changed',
    'reserves: # MiB for 3 bytes',
    'slow: # ms for 3 bytes',
    'steers: a control character in a message: U+009b i',
    'untyped: untyped TypeError: Cannot read properties',
  ]);
  expect(outcome).toMatchObject({ tried: 10, survived: 2, lost: 8 });
});

const failing: Trial = {
  name: 'failing',
  summary: '',
  tries: 6,
  run: (work) =>
    work.attempts(async (index) => {
      demand(index % 3 > 0, `number ${index}`, 'every third');
      return { ms: 1500, bytes: 2 ** 21 };
    }, 1),
};
const impossible: Trial = {
  name: 'impossible',
  summary: '',
  tries: 1,
  run: async () => {
    throw new NotPossibleError('no root');
  },
};

test('losses are counted by their cause, kept, and tried again alone; what cannot be done says why', async () => {
  const outcomes = await runTrials([failing, impossible], { seed: 5, lostFolder });
  expect(tableOf(outcomes).split('\n')).toEqual([
    'trial       tried  survived  lost  worst time  worst memory',
    'failing         6         4     2       1.5 s       2.0 MiB',
    'impossible      –         –     –           –             –  not possible here: no root',
  ]);
  expect(outcomes[0]?.losses).toMatchObject([{ what: 'number 0', count: 2 }]);
  const command = outcomes[0]?.losses[0]?.replay.at(-1) as string;
  expect(command).toMatch(/^npx -y pnpm@12 torture --replay /);
  const path = command.split(' ').at(-1) as string;
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ trial: 'failing', seed: 5, index: 3 });
  const { loss, seed } = readLoss(path);
  const [again] = await runTrials([failing], { seed, replay: loss, lostFolder });
  expect(again).toMatchObject({ tried: 1, lost: 1 });
  expect(new LossError('x')).toBeInstanceOf(Error);
});
