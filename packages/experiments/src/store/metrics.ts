import { join } from 'node:path';
import { FileError } from '../errors.ts';
import { readTextIfThere } from '../files/read-text.ts';
import { type RunFolder, runFiles } from './run-folder.ts';

/** One epoch of a run, as metrics.jsonl has it. */
export interface EpochRecord {
  readonly epoch: number;
  readonly step: number;
  /** Mean over the epoch, each example before its step, with dropout. */
  readonly loss: number;
  /** Learning rate of the last step. */
  readonly learningRate: number;
  /** Duration of the epoch, validation included. */
  readonly seconds: number;
  readonly validation: { readonly loss: number; readonly errorRate: number } | null;
}

/** What metrics.jsonl holds. */
export interface Metrics {
  /** Epochs in their order, each once: of several records of an epoch the last. */
  readonly epochs: readonly EpochRecord[];
  /** The last line where it is no record: a process ended while it was written. */
  readonly torn: string | undefined;
}

/**
 * Epochs that a run has recorded.
 *
 * @throws FileError where the file cannot be read, or where a line before the last is no record: no process that ended
 * leaves that
 */
export async function readMetrics(path: string): Promise<Metrics> {
  const file = join(path, runFiles.metrics);
  const lines = ((await readTextIfThere(file)) ?? '').split('\n');
  if (lines.at(-1) === '') lines.pop();
  const epochs = new Map<number, EpochRecord>();
  let torn: string | undefined;
  for (const [k, line] of lines.entries()) {
    const record = recordIn(line);
    if (record === undefined && k < lines.length - 1)
      throw new FileError({
        operation: 'metrics',
        expected: `a record of an epoch in line ${k + 1} of ${file}`,
        actual: JSON.stringify(line.slice(0, 60)),
        remedy: 'Delete the line, or take the file from a copy.',
      });
    if (record === undefined) torn = line;
    else if ('epoch' in record) epochs.set(record.epoch, record);
  }
  return { epochs: [...epochs.values()].sort((a, b) => a.epoch - b.epoch), torn };
}

/**
 * Drops what a run recorded after a step, for it repeats that, and a torn last line.
 *
 * @returns the torn line, where there was one
 */
export async function keepMetricsUntil(folder: RunFolder, step: number): Promise<string | undefined> {
  const { epochs, torn } = await readMetrics(folder.path);
  const kept = epochs.filter((record) => record.step <= step);
  await folder.write(runFiles.metrics, kept.map((record) => `${JSON.stringify(record)}\n`).join(''));
  return torn;
}

/** A line is a record of an epoch, or says that the run diverged; undefined for anything else. */
function recordIn(line: string): EpochRecord | { readonly diverged: string } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const record = value as Partial<EpochRecord> & { readonly diverged?: unknown };
  if (typeof record.diverged === 'string') return { diverged: record.diverged };
  const { epoch, step, loss, learningRate, seconds, validation } = record;
  const isWhole =
    Number.isSafeInteger(epoch) &&
    (epoch as number) > 0 &&
    [step, loss, learningRate, seconds].every(isNumber) &&
    (validation === null ||
      (typeof validation === 'object' && isNumber(validation.loss) && isNumber(validation.errorRate)));
  return isWhole ? (record as EpochRecord) : undefined;
}

const isNumber = (value: unknown): value is number => typeof value === 'number';
