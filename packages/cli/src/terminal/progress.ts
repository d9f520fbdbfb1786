import { printable } from '@funhash/hashing';
import { createLogUpdate } from 'log-update';
import { duration, type Printer } from './output.ts';
import { paint, shown } from './paint.ts';
import { cut, padded, widthOf, wrapped } from './wrap.ts';

/** One task under way. */
export interface Task {
  /** @param done units of work, of `total` */
  update(done: number, detail: string): void;
  /** A milestone: a line of its own. */
  milestone(text: string): void;
  finish(): void;
}

/** Tasks under way: a line with a bar for each at the foot of a terminal; milestones are lines that stay. */
export interface Progress {
  /** @param from units that were done before */
  task(name: string, total: number, from?: number): Task;
  /** Prints a note above the bars. */
  note(text: string): void;
  close(): void;
}

interface ProgressOptions {
  /** Whether a terminal, too, has a line for each milestone, or just for the last of each task. Default true. */
  readonly everyMilestone?: boolean;
}

export function progress(output: Printer, { everyMilestone = true }: ProgressOptions = {}): Progress {
  return output.isTerminal ? bars(output, everyMilestone) : lines(output);
}

function lines({ note }: Printer): Progress {
  return {
    task: (name) => ({
      update: () => {},
      milestone: (text) => note(`${name}: ${text}`),
      finish: () => {},
    }),
    note,
    close: () => {},
  };
}

/** Pictures a second are more than people see beyond this. */
const frameMs = 100;

interface State {
  readonly name: string;
  readonly total: number;
  readonly from: number;
  readonly since: number;
  done: number;
  detail: string;
}

function bars({ noteColumns = 80 }: Printer, everyMilestone: boolean): Progress {
  const stream = process.stderr;
  const screen = createLogUpdate(stream, { defaultWidth: noteColumns });
  const tasks = new Set<State>();
  let drawnAt = Number.NEGATIVE_INFINITY;
  // One less: some terminals break a line that is just full.
  const columns = (): number => Math.min(stream.columns ?? noteColumns, noteColumns) - 1;
  const draw = (isUrgent = false): void => {
    const now = performance.now();
    if (!isUrgent && now - drawnAt < frameMs) return;
    drawnAt = now;
    // More tasks than a terminal has rows would scroll away: the last lines are not told.
    const rows = Math.max(1, (stream.rows || 24) - 2);
    const all = [...tasks].slice(0, rows);
    if (all.length === 0) screen.clear();
    else screen(shown(all.map((state) => barLine(state, columns(), now)).join('\n')));
  };
  const above = (text: string): void => {
    screen.clear();
    stream.write(`${wrapped(shown(text), columns())}\n`);
    if (tasks.size > 0) draw(true);
  };
  return {
    task: (name, total, from = 0) => {
      const state: State = {
        name: printable(name),
        total,
        from,
        since: performance.now(),
        done: from,
        detail: '',
      };
      tasks.add(state);
      draw(true);
      let last = '';
      return {
        update: (done, detail) => {
          state.done = done;
          state.detail = printable(detail);
          draw();
        },
        milestone: (text) => {
          last = text;
          if (everyMilestone) above(`${state.name}: ${printable(text)}`);
        },
        finish: () => {
          tasks.delete(state);
          const inAll = `${duration(performance.now() - state.since)} in all`;
          above(
            `${state.name}: ${everyMilestone ? inAll : [printable(last), inAll].filter(Boolean).join(', ')}`,
          );
        },
      };
    },
    note: above,
    close: () => {
      screen.clear();
      screen.done();
    },
  };
}

const [leastName, leastBar, mostBar] = [8, 6, 24];

/** One line of a terminal: what is told of a task as far as there is room, its numbers first. */
export function barLine(
  { name, total, from, since, done, detail }: State,
  columns: number,
  now: number,
): string {
  const share = total > 0 ? Math.min(1, done / total) : 0;
  const left =
    done > from && done < total ? `${duration(((now - since) / (done - from)) * (total - done))} left` : '';
  const percent = `${Math.floor(100 * share)}%`.padStart(4);
  const nameWidth = Math.min(widthOf(name), Math.max(leastName, 28));
  const numbers = [percent, detail, left];
  // What is told last goes first.
  while (numbers.length > 1 && widthOfAll(numbers) + 1 + Math.min(leastName, nameWidth) > columns)
    numbers.pop();
  const told = numbers.filter(Boolean).join('  ');
  const room = columns - widthOf(told) - 1;
  const bar = Math.min(mostBar, room - 1 - nameWidth);
  if (bar < leastBar) return cut(`${padded(cut(name, room), Math.min(room, nameWidth))} ${told}`, columns);
  const full = Math.round(bar * share);
  return `${padded(cut(name, nameWidth), nameWidth)} ${paint('cyan', '█'.repeat(full))}${'░'.repeat(bar - full)} ${told}`;
}

const widthOfAll = (parts: readonly string[]): number => widthOf(parts.filter(Boolean).join('  '));
