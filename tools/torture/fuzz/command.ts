import { main } from '@funhash/cli';
import { hasStack } from '../children.ts';
import { controlIn } from '../control.ts';
import { LossError } from '../trial.ts';

/** Runs the `funhash` command in this process: what it prints shows no stack and nothing that a terminal would obey. */
export async function runCommand(args: readonly string[]): Promise<number> {
  const printed: string[] = [];
  const print = (text: string): void => void printed.push(text);
  const code = await main(args, { line: print, note: print, isTerminal: false });
  const text = printed.join('\n');
  if (hasStack(text))
    throw new LossError(`the command ended with a stack: ${text.slice(0, 600)}`, {
      cause: text.slice(0, 60).replace(/\d+/g, '#'),
    });
  for (const line of text.split('\n')) {
    const found = controlIn(line);
    if (found)
      throw new LossError(`a control character is printed: ${found}`, {
        cause: 'a control character is printed',
      });
  }
  return code;
}
