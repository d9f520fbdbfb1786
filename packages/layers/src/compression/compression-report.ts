import type { SummaryRow, Totals } from '../summary.ts';
import { grouped, textTable } from '../text-table.ts';

/** A matrix before and after. */
export interface CompressedWeight {
  readonly name: string;
  readonly before: SummaryRow;
  readonly after: SummaryRow;
  /** ‖V − trained‖ ÷ ‖trained‖ after the fit, Frobenius norms. */
  readonly error: number;
}

/** What `evaluate` gave for a model. */
export interface CompressionScores {
  readonly before: number;
  /** The score of the fitted matrices. */
  readonly after: number;
  readonly fineTuned?: number;
}

/** What became of a model; prints as a table. */
export interface CompressionReport {
  readonly weights: readonly CompressedWeight[];
  /** Totals of the whole model, as its summary has them. */
  readonly before: Totals;
  readonly after: Totals;
  readonly scores?: CompressionScores;
  toString(): string;
}

export function reportOf(contents: Omit<CompressionReport, 'toString'>): CompressionReport {
  return { ...contents, toString: () => textOf(contents) };
}

function textOf({ weights, before, after, scores }: Omit<CompressionReport, 'toString'>): string {
  const cells = (name: string, scheme: string, shape: string, error: string, from: Totals, to: Totals) => [
    name,
    scheme,
    shape,
    error,
    grouped(from.storedCount),
    grouped(to.storedCount),
    grouped(from.storedBytes),
    grouped(to.storedBytes),
    to.storedCount === 0 ? '–' : `1/${(from.storedCount / to.storedCount).toFixed(1)}`,
  ];
  const table = [
    ['weight', 'scheme', 'shape', 'error', 'stored', '→', 'bytes', '→', 'ratio'],
    ...weights.map(({ name, before: from, after: to, error }) =>
      cells(name, `${from.kind} → ${to.kind}`, to.shape.join(' × '), errorText(error), from, to),
    ),
    cells('model', '', '', '', before, after),
  ];
  const notes = weights.flatMap(({ name, after: { notes } }) => notes.map((note) => `${name}: ${note}`));
  return [
    textTable(table, 3),
    ...(notes.length > 0 ? ['', ...notes] : []),
    ...(scores ? ['', scoreText(scores)] : []),
  ].join('\n');
}

const errorText = (error: number): string =>
  error === 0 || error >= 1e-3 ? error.toFixed(3) : error.toExponential(1);

function scoreText({ before, after, fineTuned }: CompressionScores): string {
  const shown = (score: number): string => String(Number(score.toPrecision(4)));
  const tuned = fineTuned === undefined ? '' : `, ${shown(fineTuned)} fine-tuned`;
  return `score: ${shown(before)} before, ${shown(after)} after${tuned}`;
}
