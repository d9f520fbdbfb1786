import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Random } from '@funhash/hashing';
import { type Ended, funhash, runScript, type StartOptions } from '../children.ts';
import {
  checkpointEpoch,
  requireEqualRuns,
  requireSuccess,
  requireWholeFiles,
  tinyData,
  tinyRuns,
} from '../tiny-runs.ts';
import { demand, LossError, type Trial } from '../trial.ts';

const saver = fileURLToPath(new URL('../scripts/saver.ts', import.meta.url));

/** Kills of one run, before it may end. */
const killsOfRun = 4;

/** Runs of `train` for one of each other kind. */
const turns = ['train', 'train', 'save', 'train', 'compress', 'train', 'compare'] as const;

type Kind = (typeof turns)[number];

/** Ends of processes at any moment: SIGKILL, and now and then a signal that can be answered. */
export const kills: Trial = {
  name: 'kills',
  summary:
    'kills train, resume, save, compare, compress at any moment: files stay whole, resumed runs end bit-equal',
  tries: 200,
  run: async (work) => {
    const references = new References(work.folder);
    const lane = async (): Promise<void> => {
      for (let chain = work.take(killsOfRun); chain; chain = work.take(killsOfRun)) {
        const { from, count } = chain;
        const kind = turns[((from / killsOfRun) % turns.length) | 0] as Kind;
        const begun = performance.now();
        let killed = 0;
        try {
          await chains[kind]({
            folder: join(work.folder, `${kind}-${from}`),
            kills: count,
            draw: work.random(from),
            references,
            onKill: () => void killed++,
          });
          work.noteSurvivors(count, { ms: (performance.now() - begun) / (count + 1) });
        } catch (error) {
          const { message, cause, stack } = error as Error;
          const what = `${kind}, killed ${killed} times: ${error instanceof LossError ? message : stack}`;
          // The kills before the one that lost something were survived.
          work.noteLoss({ index: from, what, cause: `${kind}: ${cause ?? message}` });
          work.noteSurvivors(Math.max(0, killed - 1));
        }
      }
    };
    await Promise.all(Array.from({ length: work.lanes }, lane));
  },
};

/** What a chain of kills needs. */
interface Chain {
  readonly folder: string;
  readonly kills: number;
  readonly draw: Random;
  readonly references: References;
  readonly onKill: () => void;
}

const chains: Readonly<Record<Kind, (chain: Chain) => Promise<void>>> = {
  train: trainChain,
  save: saveChain,
  compress: compressChain,
  compare: compareChain,
};

/** Runs that nobody kills, made once. */
class References {
  readonly #folder: string;
  readonly #made = new Map<string, Promise<{ readonly path: string; readonly ms: number }>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param make runs the command with its folder */
  of(name: string, args: readonly string[]): Promise<{ readonly path: string; readonly ms: number }> {
    const path = join(this.#folder, `reference-${name}`);
    const made =
      this.#made.get(name) ??
      (async () => {
        const begun = performance.now();
        requireSuccess(await funhash([...args, '--out', path]), `the uninterrupted ${name}`);
        return { path, ms: performance.now() - begun };
      })();
    this.#made.set(name, made);
    return made;
  }
}

/** Ends a process after a time, or after a line of its output and a few milliseconds. */
async function killed(
  start: (options: StartOptions) => Promise<Ended>,
  draw: Random,
  usualMs: number,
): Promise<Ended & { readonly sent: NodeJS.Signals }> {
  const sent = (['SIGTERM', 'SIGINT', 'SIGHUP'] as const)[draw.integer(10)] ?? 'SIGKILL';
  const byLine = draw.integer(3) > 0;
  const [line, delay, time] = [
    1 + draw.integer(22),
    40 * draw.uniform() ** 3,
    1.1 * usualMs * draw.uniform(),
  ];
  const end = (child: ChildProcess, ms: number): void => void setTimeout(() => child.kill(sent), ms);
  const ended = await start({
    onStart: (child) => {
      if (!byLine) return end(child, time);
      let lines = 0;
      child.stderr?.on('data', (text: Buffer) => {
        const before = lines;
        lines += String(text).split('\n').length - 1;
        if (before < line && lines >= line) end(child, delay);
      });
    },
  });
  return { ...ended, sent };
}

async function trainChain({ folder, kills: count, draw, references, onKill }: Chain): Promise<void> {
  const variant = draw.integer(tinyRuns.length);
  const args = ['train', ...(tinyRuns[variant] as readonly string[]), '--seed', '1'];
  const { path, ms } = await references.of(`train-${variant}`, args);
  const checkpoint = join(folder, 'checkpoint.safetensors');
  const next = (options?: StartOptions): Promise<Ended> => {
    if (existsSync(checkpoint)) return funhash(['train', '--resume', checkpoint], options);
    // Nothing was promised yet: the run begins again.
    rmSync(folder, { recursive: true, force: true });
    return funhash([...args, '--out', folder], options);
  };
  let seen: readonly string[] = [];
  for (let k = 0; k < count; k++) {
    const isFinished = existsSync(join(folder, 'summary.json'));
    const { sent, code, stderr } = await killed(next, draw, ms);
    onKill();
    if (!isFinished) requireProgress(stderr, await checkpointEpoch(folder), sent);
    await requireWholeFiles(folder);
    const files = existsSync(folder) ? readdirSync(folder) : [];
    const kept = seen.filter((name) => !/^owner-|\.tmp/.test(name));
    demand(
      kept.every((name) => files.includes(name)),
      `of ${kept.join(', ')} only ${files.join(', ')} are left`,
      'files vanished',
    );
    seen = existsSync(checkpoint) ? files : [];
    // One that answered a signal, or had ended, leaves nothing behind.
    if (sent !== 'SIGKILL' && code !== null)
      demand(
        !files.some((name) => /^owner-|\.tmp/.test(name)),
        `after ${sent} there are ${files.join(', ')}`,
        `left over after ${sent}`,
      );
  }
  requireSuccess(await next(), 'the last resume');
  requireEqualRuns(folder, path);
  rmSync(folder, { recursive: true });
}

/** @throws LossError where an epoch that was told, or all that a signal could save, is not in the checkpoint */
function requireProgress(stderr: string, saved: number | undefined, sent: NodeJS.Signals): void {
  const told = [...stderr.matchAll(/epoch (\d+)\//g)].map(([, epoch]) => Number(epoch)).at(-1) ?? 0;
  // An epoch is told before it is saved.
  demand(
    (saved ?? 0) >= told - 1,
    `epoch ${told} was told, the checkpoint has ${saved ?? 'none'}`,
    `checkpoint behind after ${sent}`,
  );
}

async function saveChain({ folder, kills: count, draw, onKill }: Chain): Promise<void> {
  mkdirSync(folder);
  const path = join(folder, 'model.safetensors');
  const whole: Buffer[] = [];
  for (const times of ['1', '2']) {
    requireSuccess(await runScript(saver, [path, times]), 'saving');
    whole.push(readFileSync(path));
  }
  for (let k = 0; k < count; k++) {
    const after = 200 * draw.uniform();
    await runScript(saver, [path], {
      onStart: (child) => child.stdout?.once('data', () => setTimeout(() => child.kill('SIGKILL'), after)),
    });
    onKill();
    const found = readFileSync(path);
    demand(
      whole.some((bytes) => bytes.equals(found)),
      `a file of ${found.length} bytes is neither model`,
      'a saved file is torn',
    );
  }
  // The next save leaves nothing but the model.
  requireSuccess(await runScript(saver, [path, '1']), 'saving');
  const files = readdirSync(folder);
  demand(files.length === 1, `beside the model there are ${files.join(', ')}`, 'temporary files stay');
  rmSync(folder, { recursive: true });
}

async function compressChain({ folder, kills: count, draw, references, onKill }: Chain): Promise<void> {
  const source = await references.of('train-0', [
    'train',
    ...(tinyRuns[0] as readonly string[]),
    '--seed',
    '1',
  ]);
  const model = join(source.path, 'model.safetensors');
  const before = readFileSync(model);
  const args = [
    'compress',
    model,
    ...tinyData,
    '--weight',
    'hashedNet:1/4',
    '--epochs',
    '3',
    '--backend',
    'reference',
  ];
  const { path, ms } = await references.of('compress', args);
  for (let k = 0; k < count; k++) {
    const own = `${folder}-${k}`;
    await killed((options) => funhash([...args, '--out', own], options), draw, ms);
    onKill();
    await requireWholeFiles(own);
    rmSync(own, { recursive: true, force: true });
  }
  requireSuccess(await funhash([...args, '--out', folder]), 'the last compress');
  demand(readFileSync(model).equals(before), 'the source model was changed');
  const files = [folder, path].map((each) => readFileSync(join(each, 'model.safetensors')));
  demand(
    (files[0] as Buffer).equals(files[1] as Buffer),
    'the model has other bytes than one of a process that was not killed',
  );
  rmSync(folder, { recursive: true });
}

async function compareChain({ folder, kills: count, draw, references, onKill }: Chain): Promise<void> {
  const schemes = ['--schemes', 'hashedNet,narrow', '--ratios', '1/8', '--hidden', '8', '--epochs', '6'];
  const args = ['compare', ...tinyData, '--batch-size', '20', '--backend', 'reference', ...schemes];
  const { path, ms } = await references.of('compare', args);
  const next = (options?: StartOptions): Promise<Ended> => {
    if (existsSync(join(folder, 'config.json'))) return funhash(['compare', '--resume', folder], options);
    rmSync(folder, { recursive: true, force: true });
    return funhash([...args, '--out', folder], options);
  };
  for (let k = 0; k < count; k++) {
    await killed(next, draw, ms);
    onKill();
    const runs = join(folder, 'runs');
    for (const run of existsSync(runs) ? readdirSync(runs) : []) await requireWholeFiles(join(runs, run));
  }
  requireSuccess(await next(), 'the last compare');
  const [own, right] = [folder, path].map((each) => armsIn(each));
  demand(own === right, `arms are ${own}; expected ${right}`, 'arms differ');
  for (const run of readdirSync(join(path, 'runs')))
    requireEqualRuns(join(folder, 'runs', run), join(path, 'runs', run));
  rmSync(folder, { recursive: true });
}

/** What a comparison found, without times. */
function armsIn(folder: string): string {
  const { arms } = JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')) as {
    arms: Record<string, unknown>[];
  };
  return JSON.stringify(arms.map(({ secondsPerEpoch: _, ...arm }) => arm));
}
