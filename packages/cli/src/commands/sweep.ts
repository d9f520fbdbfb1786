import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { openFolder, readIndex, requireEmpty } from '@funhash/experiments';
import { Command } from 'commander';
import { UsageError } from '../errors.ts';
import { queueAt } from '../files/queue-module.ts';
import {
  carryOutSweep,
  embedded,
  mostInQueue,
  onQueue,
  sweepAt,
  sweepFile,
  threadsIn,
  writeReport,
} from '../sweeping/carry-out-sweep.ts';
import { helpText } from '../terminal/help.ts';
import type { Printer } from '../terminal/output.ts';
import { watchFlag, watchHelp } from '../watch/watched.ts';

interface SweepFlags {
  readonly out?: string;
  readonly resume?: string;
  readonly threads?: string;
  readonly queue?: string;
  readonly insecure?: true;
  readonly watch?: string | true;
  readonly json?: true;
}

/** Makes `funhash sweep`: many runs that differ in some fields, and a report on them. */
export function sweepCommand(output: Printer): Command {
  const command = new Command('sweep')
    .summary('train many nets that differ in some fields')
    .description(
      'Trains what a file says: all combinations of fields of a run, drawn ones, or drawn ones of which the better train on. ' +
        'Writes a folder with a run for each, named by the hash of its spec, index.jsonl and report.html. A run that fails is ' +
        'noted, and the others go on; Ctrl-C saves checkpoints, and --resume goes on.',
    )
    .argument('[spec]', 'the sweep as JSON')
    .option('--out <folder>', 'the folder, new or empty (default: runs/sweep-<date and time>)')
    .option('--resume <folder>', 'go on with the sweep of this folder')
    .option('--threads <n>', 'runs side by side', String(availableParallelism()))
    .option(
      '--queue <address>',
      'hand runs to workers through a queue, redis://127.0.0.1:6379; `funhash worker` is one',
    )
    .option('--insecure', 'reach a server beyond this machine without TLS')
    .option(watchFlag, watchHelp)
    .option('--json', 'print the best run as JSON')
    .addHelpText('after', helpText(output, examples))
    .action(async (spec: string | undefined, flags: SweepFlags) => {
      if ((spec === undefined) === (flags.resume === undefined))
        throw new UsageError({
          operation: 'sweep',
          expected: 'a file with a sweep, or --resume and its folder',
          actual: spec === undefined ? 'neither' : 'both',
        });
      const path = spec ?? join(flags.resume as string, sweepFile);
      const sweep = await sweepAt('sweep', path);
      if (flags.out !== undefined) await requireEmpty(flags.out);
      const threads = threadsIn(flags.threads);
      const { queue: address, insecure } = flags;
      const queue = address === undefined ? undefined : await queueAt(address, { insecure });
      await carryOutSweep(
        {
          ...flags,
          command: 'sweep',
          sweep,
          executorFor: (folder) => (queue ? onQueue(queue, folder, output) : embedded(sweep, threads)),
          atATime: queue ? mostInQueue : threads,
        },
        output,
      );
    });
  command
    .command('report')
    .summary('write the report of a sweep anew')
    .argument('<folder>', 'the folder of a sweep')
    .action(async (path: string) => {
      const sweep = await sweepAt('sweep report', join(path, sweepFile));
      const folder = await openFolder(path);
      try {
        output.note(`look at ${await writeReport(folder, sweep, await readIndex(path))}`);
      } finally {
        await folder.release();
      }
    });
  return command;
}

const examples = `
A sweep is a run and what differs, by the paths of its fields:
  { "base": { "data": { "name": "mnist" }, "epochs": 4 },
    "vary": { "net.weights": ["hashedNet:1/8", "funHash:1/16"],
              "optimizer.learningRate": { "from": 0.05, "to": 0.5, "scale": "log" } },
    "method": "random", "trials": 40, "seed": 0 }
method is grid (lists alone), random, or asha: successive halving from leastEpochs on, by factor. Fields that go together
stand in "among": [{…}, {…}]; "goal": { "bytes": 4096 } or { "error": 0.01 } says which run is best.

Examples:
  $ funhash sweep sweep.json --threads 2
  $ funhash sweep sweep.json --queue redis://127.0.0.1:6379
  $ funhash sweep --resume runs/sweep-…
  $ funhash sweep report runs/sweep-…`;
