import { type ArmOutcome, formatRatio } from '@funhash/experiments';
import { spreadOf } from '../terminal/output.ts';

/** One line of the table, and of summary.json. */
export interface SummaryRow {
  readonly scheme: string;
  readonly ratio: string;
  readonly model: string;
  readonly widths: readonly number[];
  readonly weights: readonly string[];
  readonly stored: number;
  /** Size of the model file. */
  readonly bytesOnDisk: number;
  readonly learningRate: number;
  /** Test errors by seed; empty where every run diverged. */
  readonly testErrors: readonly number[];
  readonly validationErrors: readonly number[];
  readonly secondsPerEpoch: number;
  readonly models: readonly string[];
}

export function summaryRow({ arm, learningRate, runs }: ArmOutcome): SummaryRow {
  const seconds = runs.flatMap(({ epochs }) => epochs.map((epoch) => epoch.seconds));
  return {
    scheme: arm.scheme,
    ratio: formatRatio(arm.ratio),
    model: arm.model,
    widths: arm.widths,
    weights: arm.weights,
    stored: arm.stored,
    bytesOnDisk: runs[0]?.modelBytes ?? 0,
    learningRate,
    testErrors: runs.map(({ testError }) => testError),
    validationErrors: runs.map(({ epochs }) => epochs.at(-1)?.validation?.errorRate ?? Number.NaN),
    secondsPerEpoch: seconds.length === 0 ? 0 : spreadOf(seconds).mean,
    models: runs.map(({ seed }) => modelName(arm.scheme, arm.ratio, seed)),
  };
}

/** The file of a model, made of letters, digits and underscores. */
export const modelName = (scheme: string, ratio: number, seed: number): string =>
  `${`${scheme}-${formatRatio(ratio)}`.replace(/[^A-Za-z0-9.]+/g, '_')}-seed${seed}.safetensors`;
