import type { Parameter } from '@funhash/space';
import { bytesPerElement } from '@funhash/tensor';
import { grouped, textTable } from './text-table.ts';

/** One weight or bias of a layer. */
export interface SummaryPart {
  readonly name: string;
  /** The scheme's kind, or `bias`. */
  readonly kind: string;
  /** Extents of the virtual array. */
  readonly shape: readonly number[];
  readonly parameters: readonly Parameter[];
  /** What its scheme says of it, such as how it is contracted. Default nothing. */
  readonly notes?: readonly string[];
}

export interface SummaryRow {
  readonly name: string;
  readonly kind: string;
  readonly shape: readonly number[];
  readonly virtualCount: number;
  /** Trainable values; those of a shared space count where they appear first. */
  readonly storedCount: number;
  readonly storedBytes: number;
  readonly bitsPerWeight: number;
  /** Stored ÷ virtual values. */
  readonly ratio: number;
  readonly notes: readonly string[];
}

export type Totals = Pick<
  SummaryRow,
  'virtualCount' | 'storedCount' | 'storedBytes' | 'bitsPerWeight' | 'ratio'
>;

export interface Summary {
  readonly rows: readonly SummaryRow[];
  readonly total: Totals;
  toString(): string;
}

export function summarize(parts: readonly SummaryPart[]): Summary {
  const counted = new Set<Parameter>();
  const rows = parts.map(({ name, kind, shape, parameters, notes = [] }): SummaryRow => {
    const own = parameters.filter((parameter) => !counted.has(parameter));
    for (const parameter of own) counted.add(parameter);
    const virtualCount = shape.reduce((size, extent) => size * extent, 1);
    const storedCount = own.reduce((sum, { value }) => sum + value.size, 0);
    const storedBytes = own.reduce((sum, { value }) => sum + value.size * bytesPerElement[value.dtype], 0);
    return { name, kind, shape, ...totals(virtualCount, storedCount, storedBytes), notes };
  });
  const sum = (pick: (row: SummaryRow) => number): number => rows.reduce((all, row) => all + pick(row), 0);
  const total = totals(
    sum(({ virtualCount }) => virtualCount),
    sum(({ storedCount }) => storedCount),
    sum(({ storedBytes }) => storedBytes),
  );
  return { rows, total, toString: () => tableOf(rows, total) };
}

function totals(virtualCount: number, storedCount: number, storedBytes: number): Totals {
  const perVirtual = (amount: number): number => (virtualCount === 0 ? 0 : amount / virtualCount);
  return {
    virtualCount,
    storedCount,
    storedBytes,
    bitsPerWeight: perVirtual(storedBytes * 8),
    ratio: perVirtual(storedCount),
  };
}

function tableOf(rows: readonly SummaryRow[], total: Totals): string {
  const cells = (name: string, kind: string, shape: string, t: Totals): string[] => [
    name,
    kind,
    shape,
    grouped(t.virtualCount),
    grouped(t.storedCount),
    grouped(t.storedBytes),
    t.bitsPerWeight.toFixed(2),
    t.ratio > 0 ? `1/${(1 / t.ratio).toFixed(1)}` : '0',
  ];
  const table = [
    ['layer', 'scheme', 'shape', 'virtual', 'stored', 'bytes', 'bits/weight', 'ratio'],
    ...rows.map((row) => cells(row.name, row.kind, row.shape.join(' × '), row)),
    cells('total', '', '', total),
  ];
  const notes = rows.flatMap((row) => row.notes.map((note) => `${row.name}: ${note}`));
  return [textTable(table, 3), ...(notes.length > 0 ? ['', ...notes] : [])].join('\n');
}
