import type { Summary, SummaryRow } from '@funhash/layers';
import { grouped } from './output.ts';
import { tableOf } from './table.ts';

type Sizes = Pick<SummaryRow, 'virtualCount' | 'storedCount' | 'storedBytes' | 'bitsPerWeight' | 'ratio'>;

/** What a table of sizes tells of a model. */
export type ModelSizes = Pick<Summary, 'rows' | 'total'>;

/** Layers of a model, with their sizes, for a terminal of so many columns. */
export function summaryTable({ rows, total }: ModelSizes, columns?: number): string {
  const cells = (name: string, kind: string, shape: string, sizes: Sizes): string[] => [
    ...[name, kind, shape],
    ...[sizes.virtualCount, sizes.storedCount, sizes.storedBytes].map(grouped),
    sizes.bitsPerWeight.toFixed(2),
    shareText(sizes.ratio),
  ];
  const table = tableOf(
    ['layer', 'scheme', 'shape', 'virtual', 'stored', 'bytes', 'bits/weight', 'ratio'],
    [
      ...rows.map((row) => cells(row.name, row.kind, row.shape.join(' × '), row)),
      cells('total', '', '', total),
    ],
    columns,
    ['bits/weight', 'bytes', 'virtual'],
  );
  const notes = rows.flatMap((row) => row.notes.map((note) => `${row.name}: ${note}`));
  return [table, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n');
}

/** A share as one over a number: `1/64.0`. */
export const shareText = (ratio: number): string => (ratio > 0 ? `1/${(1 / ratio).toFixed(1)}` : '0');

/** What `compress` made of a model's matrices. */
export interface FittedSizes {
  readonly weights: readonly {
    readonly name: string;
    readonly before: SummaryRow;
    readonly after: SummaryRow;
    readonly error: number;
  }[];
  readonly before: Sizes;
  readonly after: Sizes;
}

/** Matrices before and after, for a terminal of so many columns. */
export function fittedTable({ weights, before, after }: FittedSizes, columns?: number): string {
  const cells = (name: string, scheme: string, shape: string, error: string, from: Sizes, to: Sizes) => [
    ...[name, scheme, shape, error],
    ...[from.storedCount, to.storedCount, from.storedBytes, to.storedBytes].map(grouped),
    to.storedCount === 0 ? '–' : `1/${(from.storedCount / to.storedCount).toFixed(1)}`,
  ];
  const table = tableOf(
    ['weight', 'scheme', 'shape', 'error', 'stored before', 'stored', 'bytes before', 'bytes', 'ratio'],
    [
      ...weights.map(({ name, before: from, after: to, error }) =>
        cells(name, `${from.kind} → ${to.kind}`, to.shape.join(' × '), errorText(error), from, to),
      ),
      cells('model', '', '', '', before, after),
    ],
    columns,
    ['bytes before', 'bytes', 'shape', 'stored before'],
  );
  const notes = weights.flatMap(({ name, after: { notes } }) => notes.map((note) => `${name}: ${note}`));
  return [table, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n');
}

const errorText = (error: number): string =>
  error !== 0 && error < 1e-3 ? error.toExponential(1) : error.toFixed(3);
