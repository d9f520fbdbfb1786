import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from '@funhash/layers';
import { packedLayers } from '@funhash/layers/binary';
import { readCheckpoint } from '@funhash/training';
import { type Ended, hasStack } from './children.ts';
import { demand } from './trial.ts';

/** Generated images, few of them: a run takes a second. */
export const tinyData = ['--data', 'rect', '--train-count', '80', '--validation', '20', '--test-count', '20'];

const common = [...tinyData, '--batch-size', '20', '--backend', 'reference'];

/** Runs that differ in what they store and draw. */
export const tinyRuns: readonly (readonly string[])[] = [
  '--hidden 8 --weight hashedNet:1/8 --epochs 20',
  '--hidden 12,10 --weights funHash:1/4 hashedNet:1/2 dense --optimizer adam --shift 2 --epochs 15',
  '--hidden 8 --weight lowRank:rank=1 --store-as i5 --compress --epochs 15',
].map((flags) => [...common, ...flags.split(' ')]);

/** One epoch as metrics.jsonl has it, without what time it took. */
type Epoch = Readonly<Record<string, unknown>> & { readonly epoch: number };

/** Epochs in the metrics of a run. A last line may be torn, where a kill is allowed to have torn it. */
export function metricsIn(folder: string, mayBeTorn = false): Epoch[] {
  const path = join(folder, 'metrics.jsonl');
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  return lines.flatMap((line, k) => {
    try {
      const { seconds: _, ...epoch } = JSON.parse(line) as Epoch & { seconds: number };
      return [epoch as Epoch];
    } catch {
      demand(
        mayBeTorn && k === lines.length - 1,
        `metrics.jsonl has a torn line ${k + 1} of ${lines.length}: ${line}`,
        'torn line',
      );
      return [];
    }
  });
}

/** @throws LossError unless every file of a run is whole: an old one or a new one */
export async function requireWholeFiles(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    try {
      if (name === 'checkpoint.safetensors') await readCheckpoint(path);
      else if (name.endsWith('.safetensors')) await load(path, { layers: packedLayers });
      else if (name.endsWith('.json') && !name.startsWith('owner')) JSON.parse(readFileSync(path, 'utf8'));
    } catch (error) {
      demand(false, `${name} is not whole: ${(error as Error).message}`, `${name} is not whole`);
    }
  }
  requireConsecutive(metricsIn(folder, true));
}

function requireConsecutive(metrics: readonly Epoch[]): void {
  const epochs = metrics.map(({ epoch }) => epoch);
  const expected = epochs.map((_, k) => k + 1);
  demand(
    epochs.join() === expected.join(),
    `epochs in metrics.jsonl are ${epochs.join(', ')}`,
    'epochs of metrics.jsonl',
  );
}

/** Steps of the checkpoint in a folder; undefined where there is none. */
export async function checkpointEpoch(folder: string): Promise<number | undefined> {
  const path = join(folder, 'checkpoint.safetensors');
  return existsSync(path) ? (await readCheckpoint(path)).progress.epoch : undefined;
}

/** @throws LossError unless two finished runs are equal bit for bit, times left out */
export function requireEqualRuns(folder: string, expected: string): void {
  const [found, right] = [folder, expected].map((path) => readdirSync(path).sort().join(', '));
  demand(found === right, `the folder has ${found}; expected ${right}`, 'files of the folder');
  for (const name of ['model.safetensors', 'checkpoint.safetensors'])
    demand(
      readFileSync(join(folder, name)).equals(readFileSync(join(expected, name))),
      `${name} has other bytes than that of a run that was not killed`,
    );
  const texts = [folder, expected].map((path) => JSON.stringify(metricsIn(path)));
  demand(texts[0] === texts[1], `metrics are ${texts[0]}; expected ${texts[1]}`, 'metrics differ');
  const results = [folder, expected].map((path) => readFileSync(join(path, 'summary.json'), 'utf8'));
  demand(
    results[0] === results[1],
    `summary.json is ${results[0]}; expected ${results[1]}`,
    'summary.json differs',
  );
}

/** @throws LossError unless a command succeeded */
export function requireSuccess({ code, signal, stderr, timedOut }: Ended, what: string): void {
  demand(
    code === 0,
    `${what} ended with ${timedOut ? 'no end' : (signal ?? code)}: ${stderr.slice(-600)}`,
    `${what} failed`,
  );
}

/** @throws LossError unless a command failed as foreseen: with a code of its own and a message, and no stack */
export function requireRefusal({ code, signal, stderr, timedOut }: Ended, what: string): void {
  demand(
    !timedOut && signal === null && code !== 0 && !hasStack(stderr),
    `${what} ended with ${timedOut ? 'no end' : (signal ?? code)}: ${stderr.slice(-800)}`,
    `${what} was not refused as foreseen`,
  );
}
