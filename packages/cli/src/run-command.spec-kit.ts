import { main } from './main.ts';

/** A command as specs run it: its exit code, and what it prints. */
export async function run(...args: string[]): Promise<{ code: number; lines: string; notes: string }> {
  const lines: string[] = [];
  const notes: string[] = [];
  const code = await main(args, {
    line: (text) => void lines.push(text),
    note: (text) => void notes.push(text),
    isTerminal: false,
  });
  return { code, lines: lines.join('\n'), notes: notes.join('\n') };
}
