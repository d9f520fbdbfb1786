import { SpecError } from '@funhash/experiments';
import { FunhashError } from '@funhash/hashing';
import { Command, CommanderError } from 'commander';
import pc from 'picocolors';
import * as commands from './commands/index.ts';
import { DivergedRunError, InterruptedError, UsageError } from './errors.ts';
import { type Output, terminal } from './terminal/output.ts';

/** What the shell is told. */
export const exitCodes = { ok: 0, failure: 1, usage: 2, interrupted: 130 } as const;

/**
 * Runs the `funhash` command.
 *
 * @param args without the names of node and the script
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted
 */
export async function main(args: readonly string[], output: Output = terminal): Promise<number> {
  if (output === terminal) endWithReader();
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
    return exitCodes.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (error instanceof InterruptedError) {
      output.note(error.message);
      return exitCodes.interrupted;
    }
    // A fault of our own needs its stack; an error that was foreseen says what to do without it.
    const isForeseen =
      error instanceof FunhashError ||
      error instanceof DivergedRunError ||
      (error as NodeJS.ErrnoException).syscall !== undefined;
    const { message, stack } = error as Error;
    output.note(pc.red(isForeseen && !program.opts().verbose ? message : (stack ?? message)));
    const isUsage = error instanceof UsageError || error instanceof SpecError;
    return isUsage ? exitCodes.usage : exitCodes.failure;
  }
}

/** `funhash schemes | head` closes the pipe early: that is no failure. */
function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(exitCodes.ok);
  });
}

const examples = `
Examples:
  $ funhash compare --preset mnist
  $ funhash train --data mnist --hidden 1000 --weight funHash:1/64 --epochs 10
  $ funhash eval --model runs/…/model.safetensors --data mnist`;
