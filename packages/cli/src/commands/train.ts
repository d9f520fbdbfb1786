import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import type { Dataset } from '@funhash/datasets';
import {
  chooseBackend,
  describeSpec,
  field,
  netFields,
  openFolder,
  optimizerFields,
  type RunResult,
  type RunSpec,
  readMetrics,
  requireEmpty,
  runFields,
  runFiles,
  runSpec,
  runTraining,
  type StartEvent,
  sizeIfThere,
} from '@funhash/experiments';
import { option } from '@funhash/hashing';
import { Command } from 'commander';
import { DivergedRunError, InterruptedError, UsageError } from '../errors.ts';
import { checkpointAt } from '../files/paths.ts';
import { claimFolder, configBeside, configFile, reportFile } from '../files/run-folders.ts';
import { columnsSection, errorOfNumbers, isTable, numbersText } from '../report/answers.ts';
import {
  curvesSection,
  epochsBeside,
  forReport,
  testSections,
  withoutPictures,
} from '../report/model-report.ts';
import { pageOf, type Report } from '../report/page.ts';
import { commandText } from '../report/repeat.ts';
import { sizesHtml } from '../report/sizes.ts';
import {
  dataSettings,
  netOf,
  netSettings,
  trainingOf,
  trainingSettings,
} from '../settings/common-settings.ts';
import {
  addFlags,
  type ConfigOf,
  checkConfig,
  flagsTyped,
  number,
  readConfigFile,
  type Settings,
} from '../settings/config.ts';
import { columnsTable, samplesOf, tableDefaults, targetedData } from '../settings/own-data.ts';
import { storageSettings } from '../settings/storage-settings.ts';
import { teacherIn, teacherSettings } from '../settings/teacher-settings.ts';
import { follow } from '../terminal/follow.ts';
import { helpText } from '../terminal/help.ts';
import { summaryTable } from '../terminal/model-tables.ts';
import { grouped, type Printer, percent } from '../terminal/output.ts';
import { StepProfile } from '../terminal/profile.ts';
import { RunView } from '../watch/run-view.ts';
import type { Watch } from '../watch/watch-server.ts';
import { watched, watchFlag, watchHelp } from '../watch/watched.ts';

const schemeList = option.list(option.text(), { least: 1, most: 64 });

/** Settings of steps and threads that belong to one run. */
export const stepSettings = {
  learningRate: {
    flag: '--learning-rate <x>',
    help: 'size of a step, in units of each tensor’s scale; for nets of signs as it is',
    standard: '0.27 for shared values, 0.13 in convolutions, 0.1 or 0.2 for others; 0.003 for signs',
    rule: optimizerFields.learningRate,
    read: number,
  },
  relativeStep: {
    flag: '--no-relative-step',
    help: 'take --learning-rate as it is, not relative to scales',
    rule: optimizerFields.relativeStep,
  },
  freeze: {
    flag: '--freeze <names...>',
    help: 'parameters that stay as they are: names such as 0.weight, places of layers such as 0, texts with *',
    standard: 'none',
    rule: runFields.freeze,
  },
  ...teacherSettings,
  loaderThread: {
    flag: '--loader-thread',
    help: 'prepare shifted, flipped, turned or cut images in a thread of their own',
    rule: field(option.flag(), false),
  },
  threads: {
    flag: '--threads <n>',
    help: 'threads of the wasm backend',
    standard: 'as many as cores',
    isLocal: true,
    rule: field(option.integer({ least: 1, most: 64 }), availableParallelism()),
    read: number,
  },
} as const satisfies Settings;

export const trainSettings = {
  ...dataSettings,
  ...netSettings,
  ...trainingSettings,
  weight: {
    flag: '--weight <scheme>',
    help: 'how layers store their weights, such as hashedNet:1/64 or funHash:1/64,hashes=8; the first convolution stays plain, and so does a layer that the scheme leaves no room, such as a low rank of a small output layer',
    rule: field(option.text(), 'dense'),
  },
  weights: {
    flag: '--weights <schemes...>',
    help: 'one scheme for each layer in order, the first convolution included, instead of --weight',
    rule: schemeList,
  },
  quantizer: {
    flag: '--quantizer <scheme>',
    help: 'what weights of binary nets are: binary, stochasticBinary, ternary, lsq:bits=2',
    rule: netFields.quantizer,
  },
  shiftNorm: {
    flag: '--shift-norm',
    help: 'normalise batches of binary nets by shifts',
    rule: netFields.shiftNorm,
  },
  ...stepSettings,
  ...storageSettings,
} as const satisfies Settings;

interface TrainFlags extends Readonly<Record<string, unknown>> {
  readonly config?: string;
  readonly out?: string;
  readonly resume?: string;
  readonly json?: true;
  readonly profile?: true;
  readonly watch?: string | true;
}

/** Makes `funhash train`: one net on one data set, into a run folder. */
export function trainCommand(output: Printer): Command {
  const command = new Command('train')
    .summary('train one net')
    .description(
      'Trains a net and writes a run folder: config.json, spec.json, images.json, metrics.jsonl, checkpoint.safetensors, ' +
        'model.safetensors, summary.json, and report.html to look at. Ctrl-C, SIGTERM and SIGHUP save a checkpoint from ' +
        'which --resume goes on, bit for bit; a second one ends at once. What may change then is --epochs, and how the ' +
        'model is stored.',
    )
    .option('--config <file>', 'settings as JSON, as a run folder has them; flags win over it')
    .option('--out <folder>', 'the run folder, new or empty (default: runs/train-<date and time>)')
    .option(
      '--resume <checkpoint|folder>',
      'go on with the run of this file or folder; its settings are beside the checkpoint',
    )
    .option(watchFlag, watchHelp)
    .option('--json', 'print the summary as JSON')
    .option('--profile', 'tell what a step costs on the GPU: passes, bytes, read-backs, textures');
  return addFlags(command, trainSettings)
    .addHelpText('after', helpText(output, examples))
    .action((flags: TrainFlags) =>
      watched(flags.watch, output, (watch) =>
        train(flags, flagsTyped(command, trainSettings), watch, output),
      ),
    );
}

async function train(
  { config: path, out, resume, json, profile: profiled }: TrainFlags,
  given: Record<string, unknown>,
  watch: Watch | undefined,
  output: Printer,
): Promise<void> {
  if (resume !== undefined && (out !== undefined || path !== undefined))
    throw new UsageError({
      operation: 'train',
      expected: '--resume alone: its folder holds the configuration',
      actual: '--out or --config beside it',
    });
  const checkpoint = resume === undefined ? undefined : await checkpointAt('--resume', resume);
  const source = checkpoint === undefined ? path : configBeside(dirname(checkpoint));
  const origin = source ?? 'the command line';
  const fields = { ...(source === undefined ? {} : await readConfigFile(source)), ...given };
  const known = await targetedData(checkConfig(trainSettings, fields, origin));
  const table = known && isTable(known) ? known : undefined;
  const config = checkConfig(trainSettings, { ...(table && tableDefaults(table)), ...fields }, origin);
  const backend = await chooseBackend(config.backend, config.threads);
  const settings = { ...config, backend };
  const spec = await specOf(settings);
  if (out !== undefined) await requireEmpty(out);

  const profile = profiled ? new StepProfile() : undefined;
  let folder = '';
  const { kept, options } = forReport(known);
  if (table) output.note(columnsTable(table, output.noteColumns));
  let begun: StartEvent | undefined;
  const before = checkpoint === undefined ? [] : await epochsBeside(checkpoint);
  const page = new RunView({
    title: describeSpec(spec),
    isOfNumbers: () => begun?.data !== null && kept.data?.classes === undefined,
  });
  watch?.show(() => page.view());
  const result = await follow(
    (signal) =>
      runTraining(spec, {
        signal,
        threads: config.threads,
        loaderThread: config.loaderThread,
        ...options,
        folder: () =>
          checkpoint === undefined ? claimFolder(out, 'train') : openFolder(dirname(checkpoint)),
        files: { [configFile]: settings },
        ...(checkpoint !== undefined && { resume: checkpoint }),
      }),
    {
      title: config.weights ? 'train' : config.weight,
      epochs: config.epochs,
      remedy: () => goOn(folder),
      onEvent: (event, note) => {
        page.take(event, before);
        watch?.show(() => page.view());
        if (event.type === 'start') {
          folder = event.folder as string;
          begun = event;
          const { data, net } = event;
          note(
            `${grouped(data?.train ?? 0)} ${samplesOf(kept.data)} for training, ${grouped(data?.validation ?? 0)} for validation; ` +
              `${backend} backend; ${folder}`,
          );
          note(summaryTable(net.summary, output.noteColumns));
          if (data && kept.data?.classes === undefined) note(errorOfNumbers);
        } else if (event.type === 'step') profile?.note(event.step);
        else if (event.type === 'epoch') profile?.interrupt();
      },
    },
    output,
  ).catch(async (error: unknown) => {
    const isKept = folder !== '' && !(error instanceof InterruptedError || error instanceof DivergedRunError);
    if (isKept && (await sizeIfThere(join(folder, runFiles.checkpoint))) !== undefined)
      output.note(`The last checkpoint is whole. ${goOn(folder)}`);
    throw error;
  });
  if (profile) output.note(String(profile));
  const told = await reportOf(folder, { settings, spec, result, data: kept.data, begun });
  const report = await writeReport(folder, told);
  watch?.show(() => told);

  if (json) output.json({ folder, ...withoutPictures(result) }, 2);
  else {
    output.note(`look at ${report}`);
    output.line(
      `test error ${percent([result.testError ?? Number.NaN])} % with ${grouped(result.storedCount)} stored values; ` +
        `${percent([result.fileTestError ?? Number.NaN])} % from the file of ${grouped(result.fileBytes ?? 0)} bytes, in ${folder}`,
    );
    if (result.numbers) output.line(numbersText(result.numbers));
  }
}

interface Trained {
  readonly settings: ConfigOf<typeof trainSettings>;
  readonly spec: RunSpec;
  readonly result: RunResult;
  readonly data: Dataset | undefined;
  readonly begun: StartEvent | undefined;
}

/** What the report of a run tells. */
async function reportOf(path: string, { settings, spec, result, data, begun }: Trained): Promise<Report> {
  const { epochs } = await readMetrics(path);
  const { testError, fileTestError, fileBytes = 0 } = result;
  const summary = begun?.net.summary;
  const name = describeSpec(spec);
  return {
    title: name,
    intro:
      `${data?.description ?? spec.data?.name}. Trained on ${grouped(begun?.data?.train ?? 0)} ${samplesOf(data)} for ${spec.epochs} epochs, ` +
      `with ${grouped(begun?.data?.validation ?? 0)} held out for validation; the test ${samplesOf(data)} were used once, at the end: ` +
      `${percent([testError ?? Number.NaN])} % of ${result.numbers ? 'the variance is not explained' : `${grouped(data?.test.count ?? 0)} are wrong`}, ` +
      `${percent([fileTestError ?? Number.NaN])} % by the file of ${grouped(fileBytes)} bytes. One seed: differences of a few tenths may be chance.`,
    sections: [
      ...curvesSection(epochs, 'Learning curves', result.numbers ? errorOfNumbers : ''),
      ...testSections(result, data, name),
      ...columnsSection(data),
      ...(summary ? [{ title: 'Sizes', html: sizesHtml(summary) }] : []),
    ],
    command: commandText(['train'], trainSettings, settings),
    config: settings,
  };
}

/** Writes report.html into the folder of a run. @returns its path */
async function writeReport(path: string, report: Report): Promise<string> {
  const folder = await openFolder(path);
  try {
    await folder.write(reportFile, await pageOf(report));
  } finally {
    await folder.release();
  }
  return folder.file(reportFile);
}

const goOn = (folder: string): string =>
  `Go on with:\n  funhash train --resume ${folder}/${runFiles.checkpoint}`;

/** The run that settings of `train` ask for. */
async function specOf(config: ConfigOf<typeof trainSettings>): Promise<RunSpec> {
  const { weight, weights, quantizer, shiftNorm, learningRate, relativeStep, freeze, storeAs, compress } =
    config;
  const request = trainingOf(config);
  return runSpec({
    ...request,
    net: { ...netOf(config), weights: weights ?? weight, quantizer, shiftNorm },
    optimizer: { ...request.optimizer, relativeStep, ...(learningRate !== undefined && { learningRate }) },
    storage: { storeAs, compress },
    ...(await teacherIn(config)),
    ...(freeze && { freeze }),
  });
}

const examples = `
Schemes are written kind[:size][,option=value…], with a size of 1/64, 0.5, values=12250 or bytes=49000;
\`funhash schemes\` lists them. dct2d(hashedNet):1/64,height=28,width=28,keep=12 is a scheme in a basis of cosines.

Examples:
  $ funhash train --data houses.csv --target price
  $ funhash train --data mnist --hidden 1000 --weight hashedNet:1/64 --epochs 10
  $ funhash train --hidden 500,500 --weights funHash:1/64,dual tiles:1/64 dense --train-count 12000
  $ funhash train --model lenet5 --weight funHash:1/16 --shift 2 --epochs 20
  $ funhash train --model lenet5 --weight hashedNet:1/16,shared --store-as i5 --compress
  $ funhash train --model bnn --widths 1024,1024,1024 --dropout 0 --epochs 40
  $ funhash train --config runs/first/config.json --seed 1 --out runs/second
  $ funhash train --resume runs/first/checkpoint.safetensors`;
