import { shown } from './paint.ts';
import { wrapped } from './wrap.ts';

/** Destination of what a command prints; a test passes its own. */
export interface Output {
  /** Prints a result, to standard output. */
  line(text: string): void;
  /** Prints what happens meanwhile, to standard error, so that results can be piped. */
  note(text: string): void;
  /** Whether notes go to a terminal that can redraw. */
  readonly isTerminal: boolean;
  /** Columns of a line; undefined where nothing limits it, as in a file. */
  readonly columns?: number | undefined;
  /** Columns of a note. */
  readonly noteColumns?: number | undefined;
}

/** What stands before and behind a value that is a part of a longer one. */
interface Around {
  readonly before: string;
  readonly after: string;
}

/** What commands print with: lines and notes fit the terminal and cannot steer it. */
export interface Printer extends Output {
  /** Prints a value as JSON, to standard output: no line of it is broken. */
  json(value: unknown, indent?: number, around?: Around): void;
}

export const terminal: Output = {
  line: (text) => void process.stdout.write(`${text}\n`),
  note: (text) => void process.stderr.write(`${text}\n`),
  isTerminal: process.stderr.isTTY === true,
  get columns() {
    return columnsOf(process.stdout);
  },
  get noteColumns() {
    return columnsOf(process.stderr);
  },
};

/** Width that whoever started this asks for by COLUMNS, or that of the terminal. */
function columnsOf({ columns }: { readonly columns?: number }): number | undefined {
  const asked = /^\d{2,4}$/.test(process.env.COLUMNS ?? '') ? Number(process.env.COLUMNS) : 0;
  return asked >= 20 ? asked : columns;
}

/** An output made safe and narrow enough for terminals: the one place through which all that a command prints goes. */
export function printerTo(output: Output): Printer {
  return {
    isTerminal: output.isTerminal,
    get columns() {
      return output.columns;
    },
    get noteColumns() {
      return output.noteColumns;
    },
    line: (text) => output.line(wrapped(shown(text), output.columns)),
    note: (text) => output.note(wrapped(shown(text), output.noteColumns)),
    json: (value, indent, { before, after } = { before: '', after: '' }) =>
      output.line(shown(before + JSON.stringify(value, null, indent) + after)),
  };
}

/** A duration as people read it: `850 ms`, `12.3 s`, `3 min 20 s`. */
export function duration(elapsedMs: number): string {
  if (elapsedMs < 1000) return `${Math.round(elapsedMs)} ms`;
  const seconds = elapsedMs / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** A loss in few digits, also where it is about to diverge: `0.1235`, `2.215e+21`. */
export const lossText = (loss: number): string =>
  Math.abs(loss) < 1e5 ? loss.toFixed(4) : loss.toExponential(3);

/** `12 250`. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ' ');
}

/** An error rate in percent; with several, their mean ± standard deviation. */
export function percent(rates: readonly number[]): string {
  const { mean, std } = spreadOf(rates);
  const shown = (100 * mean).toFixed(2);
  return std === undefined ? shown : `${shown} ± ${(100 * std).toFixed(2)}`;
}

/** Mean and standard deviation (n − 1) of a sample. */
export function spreadOf(values: readonly number[]): { mean: number; std: number | undefined } {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  if (values.length < 2) return { mean, std: undefined };
  return { mean, std: Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1)) };
}
