import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import {
  type Goal,
  loadData,
  planSearch,
  type RunRequest,
  requireEmpty,
  runFields,
  runSpec,
  type SweepSpec,
} from '@funhash/experiments';
import { option } from '@funhash/hashing';
import { Command } from 'commander';
import { UsageError } from '../errors.ts';
import { queueAt } from '../files/queue-module.ts';
import { backendSetting, dataOf, dataSettings, trainingSettings } from '../settings/common-settings.ts';
import {
  addFlags,
  type ConfigOf,
  checkConfig,
  flagsTyped,
  number,
  type Settings,
} from '../settings/config.ts';
import {
  carryOutSweep,
  embedded,
  mostInQueue,
  onQueue,
  sweepAt,
  sweepFile,
  threadsIn,
} from '../sweeping/carry-out-sweep.ts';
import { helpText } from '../terminal/help.ts';
import { grouped, type Printer } from '../terminal/output.ts';
import { watchFlag, watchHelp } from '../watch/watched.ts';

const { shift, flip, rotation, cutout } = trainingSettings;

const searchSettings = {
  ...dataSettings,
  bytes: {
    flag: '--bytes <n>',
    help: 'the most bytes of the file: the least error wins',
    rule: option.integer({ least: 64, most: 2 ** 30 }),
    read: number,
  },
  error: {
    flag: '--error <share>',
    help: 'the highest error on validation samples, such as 0.01: the smallest file wins',
    rule: option.real({ least: 0, most: 1 }),
    read: number,
  },
  minutes: {
    flag: '--minutes <n>',
    help: 'time of the search, which plans by it how many nets and how long each; then it ends with the best so far',
    standard: '20',
    rule: option.real({ least: 0.01, most: 1e5 }),
    read: number,
  },
  ...{ shift, flip, rotation, cutout },
  seed: {
    flag: '--seed <n>',
    help: 'decides start values, hashes, the draw and the order of samples',
    rule: runFields.seed,
    read: number,
  },
  backend: backendSetting,
} as const satisfies Settings;

interface SearchFlags extends Readonly<Record<string, unknown>> {
  readonly out?: string;
  readonly resume?: string;
  readonly threads?: string;
  readonly queue?: string;
  readonly insecure?: true;
  readonly watch?: string | true;
  readonly json?: true;
}

/** Makes `funhash search`: the best network in so many bytes, or the smallest with such an error. */
export function searchCommand(output: Printer): Command {
  const command = new Command('search')
    .summary('find the best network in so many bytes')
    .description(
      'Looks for the best network whose file has at most --bytes, or for the smallest file with at most --error, over kinds of ' +
        'nets, widths, schemes, ratios, bit depths and the price of a bit. It plans a sweep by successive halving that suits the ' +
        'data and the time, and writes a folder as `funhash sweep` does, with the model in it. Ctrl-C saves checkpoints.',
    )
    .option('--out <folder>', 'the folder, new or empty (default: runs/search-<date and time>)')
    .option('--resume <folder>', 'go on with the search of this folder for --minutes')
    .option('--threads <n>', 'runs side by side', String(availableParallelism()))
    .option('--queue <address>', 'hand runs to workers through a queue, as `funhash sweep` does')
    .option('--insecure', 'reach a server beyond this machine without TLS')
    .option(watchFlag, watchHelp)
    .option('--json', 'print the best run as JSON');
  return addFlags(command, searchSettings)
    .addHelpText('after', helpText(output, examples))
    .action(async (flags: SearchFlags) => {
      const typed = flagsTyped(command, searchSettings);
      const config = checkConfig(searchSettings, typed, 'the command line');
      const threads = threadsIn(flags.threads);
      const { out, resume, queue: address, insecure, json, watch } = flags;
      if (
        resume !== undefined &&
        (out !== undefined || Object.keys(typed).some((name) => name !== 'minutes'))
      )
        throw new UsageError({
          operation: 'search',
          expected: '--resume with --minutes alone: its folder holds the search',
          actual: 'other settings beside it',
        });
      if (out !== undefined) await requireEmpty(out);
      const queue = address === undefined ? undefined : await queueAt(address, { insecure });
      const atATime = queue ? mostInQueue : threads;
      const seconds = 60 * (config.minutes ?? 20);
      const begun = performance.now();
      const { sweep, samples } =
        resume === undefined
          ? await planned(config, { seconds, atATime: threads }, output)
          : { sweep: await sweepAt('search', join(resume, sweepFile)), samples: undefined };
      await carryOutSweep(
        {
          command: 'search',
          sweep,
          executorFor: (folder) =>
            queue ? onQueue(queue, folder, output) : embedded(sweep, threads, samples),
          atATime,
          seconds: seconds - (performance.now() - begun) / 1000,
          ...(out !== undefined && { out }),
          ...(resume !== undefined && { resume }),
          ...(json && { json }),
          ...(watch && { watch }),
        },
        output,
      );
    });
}

/** Plans a search, and says what it will do. */
async function planned(
  config: ConfigOf<typeof searchSettings>,
  time: { readonly seconds: number; readonly atATime: number },
  output: Printer,
): Promise<{
  readonly sweep: SweepSpec;
  readonly samples: Awaited<ReturnType<typeof loadData>> | undefined;
}> {
  const goal = goalOf(config);
  const { shift, flip, rotation, cutout, seed, backend } = config;
  const changes = { shift, flip, rotation, cutout };
  const isStated = shift > 0 || flip || rotation > 0 || cutout > 0;
  const base: RunRequest = { data: dataOf(config), seed, backend, ...(isStated && { augment: changes }) };
  const { data } = runSpec(base);
  const samples = await loadData(data as NonNullable<typeof data>);
  output.note('planning: sizes of files, and the time of a step');
  const sweep = await planSearch({ base, data: samples, goal, ...time });
  const { among = [], trials, leastEpochs } = sweep;
  const count = sweep.base.data?.trainCount;
  const isPart = count !== data?.trainCount;
  output.note(
    `${grouped(trials)} trials among ${grouped(among.length)} kinds of nets, from ${grouped(leastEpochs)} to ` +
      `${grouped(sweep.base.epochs ?? 0)} epochs${isPart ? ` of ${grouped(count ?? 0)} samples, for which there is time` : ''}`,
  );
  // Of a table other rows are read where they are fewer.
  return { sweep, samples: isPart ? undefined : samples };
}

function goalOf({
  bytes,
  error,
}: {
  readonly bytes?: number | undefined;
  readonly error?: number | undefined;
}): Goal {
  if ((bytes === undefined) === (error === undefined))
    throw new UsageError({
      operation: 'search',
      expected: 'either --bytes or --error',
      actual: bytes === undefined ? 'neither' : 'both',
    });
  return bytes === undefined ? { error: error as number } : { bytes };
}

const examples = `
Errors are those on validation samples, by which every choice is made; the best run alone is judged on the test samples,
once, at the end. Sizes are those of the files as they are written.

Examples:
  $ funhash search --data mnist --bytes 4096
  $ funhash search --data houses.csv --target price --error 0.1 --minutes 5
  $ funhash search --resume runs/search-… --minutes 10`;
