import { join } from 'node:path';
import { type RunFolder, readIfThere, runFiles } from './run-folder.ts';

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

/** Epochs that a run has recorded, in their order. A line that a crash cut short is left out. */
export async function readMetrics(path: string): Promise<EpochRecord[]> {
  const text = (await readIfThere(join(path, runFiles.metrics))) ?? '';
  return text.split('\n').flatMap((line) => {
    try {
      const record = JSON.parse(line) as EpochRecord;
      return Number.isInteger(record.epoch) ? [record] : [];
    } catch {
      return [];
    }
  });
}

/** Drops what a run recorded after an epoch: it repeats that. */
export async function keepMetricsUntil(folder: RunFolder, epoch: number): Promise<void> {
  const kept = (await readMetrics(folder.path)).filter((record) => record.epoch <= epoch);
  await folder.write(runFiles.metrics, kept.map((record) => `${JSON.stringify(record)}\n`).join(''));
}
