import { main } from './main.ts';

interface Ran {
  readonly code: number;
  readonly lines: string;
  readonly notes: string;
}

/** A command as specs run it: its exit code, and what it prints. */
export const run = (...args: string[]): Promise<Ran> => runAt(undefined, ...args);

/** A command on a terminal of so many columns that cannot redraw. */
export async function runAt(columns: number | undefined, ...args: string[]): Promise<Ran> {
  const lines: string[] = [];
  const notes: string[] = [];
  const code = await main(args, {
    line: (text) => void lines.push(text),
    note: (text) => void notes.push(text),
    isTerminal: false,
    columns,
    noteColumns: columns,
  });
  return { code, lines: lines.join('\n'), notes: notes.join('\n') };
}
