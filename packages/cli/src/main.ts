import { readFile } from 'node:fs/promises';
import { fileFault } from '@funhash/experiments';
import { FunhashError } from '@funhash/hashing';
import { Command, CommanderError } from 'commander';
import * as commands from './commands/index.ts';
import { DivergedRunError, exitCodeOf, exitCodes, InterruptedError } from './errors.ts';
import { helpLists, helpText, helpWidths } from './terminal/help.ts';
import { type Output, type Printer, printerTo, terminal } from './terminal/output.ts';
import { paint } from './terminal/paint.ts';
import { watchStreams } from './terminal/streams.ts';

export { exitCodes };

/**
 * Runs the `funhash` command.
 *
 * @param args without the names of node and the script
 * @returns the exit code: 0 done; 1 it failed on the way; 2 what was given cannot be used: flags, settings, files that are
 * absent, damaged or do not fit; 128 and its number after a signal, so 130 after Ctrl-C
 */
export function main(args: readonly string[], to: Output = terminal): Promise<number> {
  const done = previous.then(() => carryOut(args, to));
  previous = done.catch(() => {});
  return done;
}

// A process has one backend: of commands that are asked for together one has it at a time.
let previous: Promise<unknown> = Promise.resolve();

async function carryOut(args: readonly string[], to: Output): Promise<number> {
  const output = printerTo(to);
  const isPrinted = to === terminal ? watchStreams() : async () => {};
  const program = programOf(output, await version());
  try {
    await program.parseAsync([...args], { from: 'user' });
    await isPrinted();
    return exitCodes.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    const told = fileFault(error, 'file', (error as NodeJS.ErrnoException).path ?? '', 'a usable path');
    // A fault of our own needs its stack; an error that was foreseen says what to do without it.
    const isForeseen = [FunhashError, DivergedRunError, InterruptedError].some(
      (kind) => told instanceof kind,
    );
    const { message, stack } = told instanceof Error ? told : new Error(String(told));
    if (isForeseen && !program.opts().verbose) output.note(paint('red', message));
    else output.note(stack ?? message);
    return exitCodeOf(error);
  }
}

function programOf(output: Printer, current: string): Command {
  const program = new Command('funhash')
    .description(
      'Train, compare and look at neural networks whose weights are decoded from a few stored values.',
    )
    .version(current, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print what a command takes')
    .helpCommand('help [command]', 'print what a command takes')
    .option('--verbose', 'print the stacks of errors')
    .showHelpAfterError('(--help lists what this command takes)')
    .configureOutput({
      writeOut: (text) => output.line(text.trimEnd()),
      writeErr: (text) => output.note(text.trimEnd()),
      ...helpWidths(output),
    })
    .configureHelp(helpLists)
    .exitOverride()
    .addHelpText('after', helpText(output, about));
  for (const make of Object.values(commands)) {
    const command = make(output);
    command.copyInheritedSettings(program);
    command.helpOption('-h, --help', 'print this');
    for (const own of command.commands)
      own.copyInheritedSettings(command).helpOption('-h, --help', 'print this');
    program.addCommand(command);
  }
  return program;
}

/** The version in the package of the command, which lies beside its sources and what they are built to. */
async function version(): Promise<string> {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

const about = `
Where a command takes a model, it is the path of a model file, behind the command's name or after --model. What train, compare and compress make goes into a folder of its own in runs/, or where --out says; no file there is written over.

Exit codes: 0 done; 1 it failed on the way, as by a full disk or a loss that is no number; 2 what was given cannot be used: flags, settings, files that are absent, damaged or do not fit; 130 after Ctrl-C, 128 and its number after another signal.

COLUMNS sets the width of what is printed, NO_COLOR turns colours off.

Examples:
  $ funhash compare --preset mnist
  $ funhash train --data mnist --hidden 1000 --weight funHash:1/64 --epochs 10
  $ funhash eval runs/…/model.safetensors --data mnist
  $ funhash predict runs/…/model.safetensors --input three.png`;
