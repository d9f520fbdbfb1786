import { fileFault, SpecError } from '@funhash/experiments';
import { FunhashError } from '@funhash/hashing';
import { Command, CommanderError } from 'commander';
import * as commands from './commands/index.ts';
import { DivergedRunError, InterruptedError, UsageError } from './errors.ts';
import { codeAfter } from './terminal/interrupt.ts';
import { type Output, terminal } from './terminal/output.ts';
import { paint } from './terminal/paint.ts';
import { guarded, watchStreams } from './terminal/streams.ts';

/** What the shell is told; after a signal 128 and its number, of which 130 is that of Ctrl-C. */
export const exitCodes = { ok: 0, failure: 1, usage: 2, interrupted: 130 } as const;

/**
 * Runs the `funhash` command.
 *
 * @param args without the names of node and the script
 * @returns the exit code: 0 done; 1 failed; 2 wrong usage, paths that are not there included; 128 and its number after a signal
 */
export function main(args: readonly string[], to: Output = terminal): Promise<number> {
  const done = previous.then(() => carryOut(args, to));
  previous = done.catch(() => {});
  return done;
}

// A process has one backend: of commands that are asked for together one has it at a time.
let previous: Promise<unknown> = Promise.resolve();

async function carryOut(args: readonly string[], to: Output): Promise<number> {
  const output = guarded(to);
  const isPrinted = to === terminal ? watchStreams() : async () => {};
  const program = new Command('funhash')
    .description(
      'Train, compare and look at neural networks whose weights are decoded from a few stored values.',
    )
    .option('--verbose', 'print the stacks of errors')
    .showHelpAfterError('(--help lists what this command takes)')
    .configureOutput({
      writeOut: (text) => output.line(text.trimEnd()),
      writeErr: (text) => output.note(text.trimEnd()),
    })
    .exitOverride()
    .addHelpText('after', examples);
  for (const make of Object.values(commands)) {
    const command = make(output);
    command.copyInheritedSettings(program);
    program.addCommand(command);
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
    await isPrinted();
    return exitCodes.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (error instanceof InterruptedError) {
      output.note(error.message);
      return codeAfter(error.signal);
    }
    const told = fileFault(error, 'file', (error as NodeJS.ErrnoException).path ?? '', 'a usable path');
    // A fault of our own needs its stack; an error that was foreseen says what to do without it.
    const isForeseen = told instanceof FunhashError || told instanceof DivergedRunError;
    const { message, stack } = told instanceof Error ? told : new Error(String(told));
    output.note(paint('red', isForeseen && !program.opts().verbose ? message : (stack ?? message)));
    const isUsage = error instanceof UsageError || error instanceof SpecError;
    return isUsage ? exitCodes.usage : exitCodes.failure;
  }
}

const examples = `
Examples:
  $ funhash compare --preset mnist
  $ funhash train --data mnist --hidden 1000 --weight funHash:1/64 --epochs 10
  $ funhash eval --model runs/…/model.safetensors --data mnist`;
