import { join } from 'node:path';
import { readTextIfThere } from '../files/read-text.ts';
import type { TrialOutcome } from './trial.ts';

/** The file in a sweep's folder that tells what came back, in that order: a line for each run. */
export const indexFile = 'index.jsonl';

/** What has come back so far. A last line that is cut short is as if it were not there: its run folder says it again. */
export async function readIndex(folder: string): Promise<TrialOutcome[]> {
  const text = (await readTextIfThere(join(folder, indexFile))) ?? '';
  const byHash = new Map<string, TrialOutcome>();
  for (const line of text.split('\n')) {
    const outcome = outcomeIn(line);
    if (outcome && !byHash.has(outcome.hash)) byHash.set(outcome.hash, outcome);
  }
  return [...byHash.values()];
}

function outcomeIn(line: string): TrialOutcome | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { number, rung, hash, changes, epochs, error, bytes, seconds } = value as Partial<TrialOutcome>;
  const isCount = (x: unknown): boolean => Number.isSafeInteger(x) && (x as number) >= 0;
  const isWhole =
    [number, rung, epochs].every(isCount) &&
    typeof hash === 'string' &&
    /^[0-9a-f]{16}$/.test(hash) &&
    typeof changes === 'object' &&
    changes !== null &&
    (error === null || typeof error === 'number') &&
    (bytes === null || isCount(bytes)) &&
    typeof seconds === 'number';
  return isWhole ? (value as TrialOutcome) : undefined;
}
