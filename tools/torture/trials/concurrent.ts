import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Ended, funhash } from '../children.ts';
import {
  metricsIn,
  requireEqualRuns,
  requireRefusal,
  requireSuccess,
  requireWholeFiles,
  tinyData,
} from '../tiny-runs.ts';
import { demand, LossError, type Trial } from '../trial.ts';

/** Processes started at once: more than cores, so that each meets the others at any moment. */
const waveSize = 8;

const waves = ['apart', 'apart', 'apart', 'same', 'resumed'] as const;

const epochs = 4;
const run = (epochs: number): readonly string[] => [
  ...['train', ...tinyData, '--batch-size', '20', '--backend', 'reference', '--hidden', '8'],
  ...['--weight', 'hashedNet:1/8', '--epochs', String(epochs)],
];

/** Runs started together: none is lost or mixed with another, and a folder has one owner. */
export const concurrent: Trial = {
  name: 'concurrent',
  summary:
    'runs started together, with and without one --out, and resumed together: one owner each, none mixed',
  tries: 200,
  run: async (work) => {
    for (let wave = work.take(waveSize); wave; wave = work.take(waveSize)) {
      const { from, count } = wave;
      const kind = waves[Math.floor(from / waveSize) % waves.length] as (typeof waves)[number];
      const folder = join(work.folder, `wave-${from}`);
      mkdirSync(folder);
      const begun = performance.now();
      try {
        const bytes = await of[kind](folder, from, count);
        work.noteSurvivors(count, { ms: performance.now() - begun, bytes });
      } catch (error) {
        const { message, cause, stack } = error as Error;
        const what = `${kind}: ${error instanceof LossError ? message : stack}`;
        work.noteLoss({ index: from, what, cause: `${kind}: ${cause ?? message}` });
        work.noteSurvivors(count - 1);
      }
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

const of = { apart, same, resumed };

const numbers = (count: number): number[] => Array.from({ length: count }, (_, k) => k);
const most = (all: readonly Ended[]): number => Math.max(...all.map(({ bytes }) => bytes));

/** Runs of different seeds without --out, in one folder of runs. */
async function apart(folder: string, from: number, count: number): Promise<number> {
  const all = await Promise.all(
    numbers(count).map((k) =>
      funhash([...run(epochs), '--seed', String(from + k), '--json'], { cwd: folder }),
    ),
  );
  for (const ended of all) requireSuccess(ended, 'a run');
  const told = all.map(({ stdout }) => JSON.parse(stdout) as { readonly folder: string });
  const folders = new Set(told.map((each) => each.folder));
  demand(folders.size === count, `${count} runs ended in ${folders.size} folders`, 'shared folders');
  const there = readdirSync(join(folder, 'runs'));
  demand(there.length === count, `${count} runs left ${there.length} folders`, 'other folders');
  for (const [k, { folder: path, ...summary }] of told.entries())
    await requireComplete(join(folder, path), from + k, summary);
  return most(all);
}

/** @throws LossError unless a folder holds one finished run, of a seed */
async function requireComplete(path: string, seed: number, summary: object): Promise<void> {
  const json = (name: string): object => JSON.parse(readFileSync(join(path, name), 'utf8')) as object;
  const spec = json('spec.json') as { readonly seed: number };
  demand(spec.seed === seed, `spec.json has seed ${spec.seed}; expected ${seed}`, 'mixed specs');
  demand(
    JSON.stringify(json('summary.json')) === JSON.stringify(summary),
    `summary.json is not what the run printed: ${JSON.stringify(summary)}`,
    'mixed summaries',
  );
  const found = metricsIn(path).map(({ epoch }) => epoch);
  demand(
    found.join() ===
      numbers(epochs)
        .map((k) => k + 1)
        .join(),
    `epochs in metrics are ${found.join()}`,
    'mixed metrics',
  );
  await requireWholeFiles(path);
  const files = readdirSync(path);
  for (const name of ['config.json', 'checkpoint.safetensors', 'model.safetensors'])
    demand(files.includes(name), `${name} is missing`);
  demand(!files.some((name) => /^owner-|\.tmp/.test(name)), `left over: ${files.join(', ')}`, 'left over');
}

/** Runs with one --out: one has it, the others are refused. */
async function same(folder: string, from: number, count: number): Promise<number> {
  const out = join(folder, 'mine');
  const all = await Promise.all(
    numbers(count).map((k) => funhash([...run(epochs), '--seed', String(from + k), '--json', '--out', out])),
  );
  const winners = numbers(count).filter((k) => all[k]?.code === 0);
  demand(
    winners.length === 1,
    `${winners.length} of ${count} runs with one --out succeeded`,
    'several winners',
  );
  const winner = winners[0] as number;
  for (const [k, ended] of all.entries())
    if (k !== winner) requireRefusal(ended, 'a run whose --out another has');
  const { folder: _, ...summary } = JSON.parse((all[winner] as Ended).stdout) as { folder: string };
  await requireComplete(out, from + winner, summary);
  return most(all);
}

/** Resumes of one run that was interrupted: one goes on, the others are refused. */
async function resumed(folder: string, from: number, count: number): Promise<number> {
  const long = [...run(400), '--seed', String(from)];
  const [whole, stopped] = [join(folder, 'whole'), join(folder, 'stopped')];
  const [reference, interrupted] = await Promise.all([
    funhash([...long, '--out', whole]),
    funhash([...long, '--out', stopped], {
      onStart: (child) =>
        child.stderr?.on('data', (text: Buffer) => String(text).includes('epoch 2/') && child.kill('SIGINT')),
    }),
  ]);
  requireSuccess(reference, 'a run');
  requireRefusal(interrupted, 'an interrupted run');
  const checkpoint = join(stopped, 'checkpoint.safetensors');
  const all = await Promise.all(
    numbers(Math.max(2, count)).map(() => funhash(['train', '--resume', checkpoint])),
  );
  const winners = all.filter(({ code }) => code === 0);
  demand(
    winners.length === 1,
    `${winners.length} of ${all.length} resumes of one run succeeded`,
    'several resumed',
  );
  for (const ended of all)
    if (ended.code !== 0) requireRefusal(ended, 'a resume of a run that another resumes');
  requireEqualRuns(stopped, whole);
  return most(all);
}
