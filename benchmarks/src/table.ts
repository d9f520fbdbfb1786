import { isTiming, type Outcome, type Timing } from './rounds.ts';

export interface Column {
  readonly key: string;
  readonly title: string;
  /** Significant digits of its numbers. Default 3. */
  readonly digits?: number;
}

export type Row = Readonly<Record<string, string | number | undefined>>;

export interface Table {
  readonly title: string;
  readonly columns: readonly Column[];
  /** A row with an `error` shows that instead of numbers. */
  readonly rows: readonly Row[];
  readonly notes?: readonly string[];
}

/** With `digits` significant digits, but whole numbers in full, and at most four places behind the point. */
export function numberText(value: number, digits = 3): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const places = digits - 1 - Math.floor(Math.log10(Math.abs(value)));
  return value.toFixed(Math.min(4, Math.max(0, places)));
}

export function markdown({ title, columns, rows, notes = [] }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const cell = (row: Row, { key, digits }: Column, place: number): string => {
    const value = row[key];
    if (place === 1 && row.error !== undefined)
      return `*${String(row.error).split('\n')[0]?.slice(0, 200).replaceAll('|', '\\|')}*`;
    if (value === undefined) return '';
    return typeof value === 'number' ? numberText(value, digits) : value;
  };
  return [
    `### ${title}`,
    '',
    line(columns.map((column) => column.title)),
    line(columns.map((_, place) => (place === 0 ? '---' : '---:'))),
    ...rows.map((row) => line(columns.map((column, place) => cell(row, column, place)))),
    ...notes.flatMap((note) => ['', note]),
  ].join('\n');
}

export interface TimingTableOptions {
  /** The entry that others are divided by. */
  readonly base: string;
  /** What it is called in the head of the column. */
  readonly baseTitle?: string;
  /** Floating-point operations of a call, where they count. */
  readonly flops?: number;
  readonly notes?: readonly string[];
}

/** Largest relative difference between values of libraries that do the same work: f32 sums in other orders. */
const tolerance = 2e-3;

/** Least and median milliseconds, and the ratio of least times. */
export function timingTable(
  title: string,
  outcomes: readonly Outcome[],
  { base, baseTitle = base, flops, notes = [] }: TimingTableOptions,
): Table {
  const found = outcomes.find(({ name }) => name === base);
  const least = found && isTiming(found) ? found : undefined;
  const strangers = outcomes.filter((outcome) => isTiming(outcome) && least && !agrees(outcome, least));
  return {
    title,
    columns: [
      { key: 'name', title: '' },
      { key: 'leastMs', title: 'least ms' },
      { key: 'medianMs', title: 'median ms' },
      ...(flops === undefined ? [] : [{ key: 'gflops', title: 'GFLOP/s' }]),
      { key: 'ratio', title: `÷ ${baseTitle}` },
    ],
    rows: outcomes.map((outcome) => ({
      ...outcome,
      ...(isTiming(outcome) && {
        ...(flops !== undefined && { gflops: flops / outcome.leastMs / 1e6 }),
        ...(least && { ratio: outcome.leastMs / least.leastMs }),
      }),
    })),
    notes: [
      ...notes,
      ...(strangers.length === 0
        ? []
        : [`Other results than ${base}: ${strangers.map(({ name }) => name).join(', ')}.`]),
    ],
  };
}

function agrees({ value }: Timing, { value: expected }: Timing): boolean {
  if (value === undefined || expected === undefined) return true;
  return Math.abs(value - expected) <= tolerance * Math.max(1, Math.abs(expected));
}
