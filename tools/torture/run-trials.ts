import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Loss, type Lost, NotPossibleError, type Trial, Work } from './trial.ts';

/** What became of a trial: a row of the table. */
export interface Outcome {
  readonly trial: string;
  readonly tried: number;
  readonly survived: number;
  readonly lost: number;
  readonly worstMs: number;
  readonly worstBytes: number;
  readonly seconds: number;
  /** Why the trial could not be made. */
  readonly notPossible?: string;
  readonly losses: readonly Lost[];
}

export interface RunTrialsOptions {
  readonly seed: number;
  /** Tries of each trial; default: its own number, or without end where a time is given. */
  readonly tries?: (trial: string) => number | undefined;
  /** Milliseconds of each trial. */
  readonly ms?: number;
  readonly lanes?: number;
  readonly replay?: Loss;
  /** Folder into which losses are written. */
  readonly lostFolder: string;
  /** Told now and then how far a trial has come. */
  readonly onProgress?: (trial: string, work: Work) => void;
}

/** A loss as a file has it. */
interface LossFile extends Omit<Loss, 'input'> {
  readonly trial: string;
  readonly seed: number;
  /** The bytes in base64. */
  readonly input?: string;
}

/** Makes trials, one after the other. */
export async function runTrials(
  trials: readonly Trial[],
  options: RunTrialsOptions,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const trial of trials) outcomes.push(await runTrial(trial, options));
  return outcomes;
}

async function runTrial(trial: Trial, options: RunTrialsOptions): Promise<Outcome> {
  const { seed, ms, lanes = availableParallelism(), replay, lostFolder, onProgress } = options;
  const folder = mkdtempSync(join(tmpdir(), `torture-${trial.name}-`));
  const tries = options.tries?.(trial.name) ?? (ms === undefined ? trial.tries : undefined);
  const work = new Work({
    trial: trial.name,
    ...{ seed, folder, lanes },
    ...(tries !== undefined && { tries }),
    ...(ms !== undefined && { ms }),
    ...(replay && { replay }),
    keep: (loss) => keepLoss(lostFolder, trial.name, seed, loss),
  });
  const timer = setInterval(() => onProgress?.(trial.name, work), 500);
  let notPossible: string | undefined;
  try {
    await trial.run(work);
  } catch (error) {
    if (!(error instanceof NotPossibleError)) throw error;
    notPossible = error.message;
  } finally {
    clearInterval(timer);
    rmSync(folder, { recursive: true, force: true });
  }
  const { tried, survived, worstMs, worstBytes } = work;
  return {
    ...{ trial: trial.name, tried, survived, lost: tried - survived, worstMs, worstBytes },
    seconds: (performance.now() - work.begun) / 1000,
    ...(notPossible !== undefined && { notPossible }),
    losses: [...work.lost.values()],
  };
}

function keepLoss(folder: string, trial: string, seed: number, loss: Loss): string {
  mkdirSync(folder, { recursive: true });
  const { input, ...rest } = loss;
  const file: LossFile = {
    ...{ trial, seed, ...rest },
    ...(input && { input: Buffer.from(input).toString('base64') }),
  };
  const name = [trial, ...(loss.parser ? [loss.parser] : []), `${seed}-${loss.index}`].join('.');
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify(file));
  return `npx -y pnpm@12 torture --replay ${path}`;
}

/** Reads what `runTrials` kept of a loss. */
export function readLoss(path: string): {
  readonly trial: string;
  readonly seed: number;
  readonly loss: Loss;
} {
  const { trial, seed, input, ...loss } = JSON.parse(readFileSync(path, 'utf8')) as LossFile;
  return {
    trial,
    seed,
    loss: { ...loss, ...(input !== undefined && { input: Buffer.from(input, 'base64') }) },
  };
}

/** The table of outcomes. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map((outcome) => [
    outcome.trial,
    ...(outcome.notPossible === undefined
      ? [grouped(outcome.tried), grouped(outcome.survived), grouped(outcome.lost)]
      : ['–', '–', '–']),
    outcome.worstMs === 0 ? '–' : durationOf(outcome.worstMs),
    outcome.worstBytes === 0 ? '–' : `${(outcome.worstBytes / 2 ** 20).toFixed(1)} MiB`,
    outcome.notPossible === undefined ? '' : `not possible here: ${outcome.notPossible}`,
  ]);
  const header = ['trial', 'tried', 'survived', 'lost', 'worst time', 'worst memory', ''];
  const widths = header.map((title, k) =>
    k === header.length - 1 ? 0 : Math.max(title.length, ...rows.map((row) => (row[k] as string).length)),
  );
  return [header, ...rows]
    .map((row) =>
      row
        .map((cell, k) => (k === 0 ? cell.padEnd(widths[k] as number) : cell.padStart(widths[k] as number)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** What was lost, and the commands that try it again. */
export function lossesOf(outcomes: readonly Outcome[]): string {
  return outcomes
    .flatMap(({ trial, losses }) =>
      losses.map(({ what, count, replay }) =>
        [`${trial}: ${what} (${grouped(count)} times)`, ...replay.map((command) => `  ${command}`)].join(
          '\n',
        ),
      ),
    )
    .join('\n\n');
}

export const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ' ');

const durationOf = (ms: number): string =>
  ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
