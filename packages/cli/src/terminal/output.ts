import { printable } from '@funhash/hashing';
import { MultiBar, type SingleBar } from 'cli-progress';
import pc from 'picocolors';
import { paint } from './paint.ts';

/** Destination of what a command prints; a test passes its own. */
export interface Output {
  /** Prints a result, to standard output. */
  line(text: string): void;
  /** Prints what happens meanwhile, to standard error, so that results can be piped. */
  note(text: string): void;
  /** Whether notes go to a terminal that can redraw. */
  readonly isTerminal: boolean;
}

export const terminal: Output = {
  line: (text) => void process.stdout.write(`${text}\n`),
  note: (text) => void process.stderr.write(`${text}\n`),
  isTerminal: process.stderr.isTTY === true,
};

/** One task under way. */
export interface Task {
  /** @param done units of work, of `total` */
  update(done: number, detail: string): void;
  /** A milestone: a line of its own where no bar is drawn. */
  milestone(text: string): void;
  finish(): void;
}

/** Tasks under way: bars with the time left on a terminal, plain lines for milestones elsewhere. */
export interface Progress {
  task(name: string, total: number): Task;
  close(): void;
}

export function progress(output: Output): Progress {
  return output.isTerminal ? bars() : lines(output);
}

function lines({ note }: Output): Progress {
  return {
    task: (name) => ({
      update: () => {},
      milestone: (text) => note(`${name}: ${text}`),
      finish: () => {},
    }),
    close: () => {},
  };
}

function bars(): Progress {
  const all = new MultiBar({
    format: `{name} ${pc.cyan('{bar}')} {percentage}% {left} {detail}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: false,
    stream: process.stderr,
  });
  return {
    task: (name, total) => {
      const since = performance.now();
      const title = printable(name);
      let last = '';
      const bar: SingleBar = all.create(total, 0, { name: title.padEnd(28), detail: '', left: '' });
      return {
        update: (done, detail) => {
          const left = done > 0 ? ((performance.now() - since) / done) * (total - done) : undefined;
          bar.update(done, {
            detail: printable(detail),
            left: left === undefined ? '' : `${duration(left)} left`,
          });
        },
        milestone: (text) => {
          last = text;
        },
        // A finished bar gives its place to those under way; what it came to stays above them.
        finish: () => {
          all.log(`${title}: ${printable(last)}, ${duration(performance.now() - since)} in all\n`);
          bar.stop();
          all.remove(bar);
        },
      };
    },
    close: () => all.stop(),
  };
}

/** A duration as people read it: `850 ms`, `12.3 s`, `3 min 20 s`. */
export function duration(elapsedMs: number): string {
  if (elapsedMs < 1000) return `${Math.round(elapsedMs)} ms`;
  const seconds = elapsedMs / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** A table with a header, its numeric columns right-aligned; a cell stays on its line. */
export function tableOf(header: readonly string[], cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map(printable));
  const widths = header.map((title, k) =>
    rows.reduce((width, row) => Math.max(width, (row[k] ?? '').length), title.length),
  );
  const isNumeric = header.map((_, k) => rows.every((row) => /^[\d(–-]/.test(row[k] ?? '–')));
  const lineOf = (cells: readonly string[]): string =>
    cells
      .map((cell, k) =>
        isNumeric[k] ? cell.padStart(widths[k] as number) : cell.padEnd(widths[k] as number),
      )
      .join('  ')
      .trimEnd();
  return [paint('bold', lineOf(header)), ...rows.map(lineOf)].join('\n');
}

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
