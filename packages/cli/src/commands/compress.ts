import { stat } from 'node:fs/promises';
import type { Dataset } from '@funhash/datasets';
import {
  chooseBackend,
  type EpochRecord,
  type FittedEvent,
  field,
  isFromFile,
  type RunResult,
  type RunSpec,
  requireEmpty,
  runFiles,
  runSpec,
  runTraining,
  storageFields,
} from '@funhash/experiments';
import { ArgumentError, option } from '@funhash/hashing';
import { load } from '@funhash/layers';
import { Command } from 'commander';
import { requireFile } from '../files/paths.ts';
import { claimFolder, compactFile, configFile, reportFile } from '../files/run-folders.ts';
import { curvesSection, epochsBeside, forReport, testSections } from '../report/model-report.ts';
import { pageOf } from '../report/page.ts';
import { commandText } from '../report/repeat.ts';
import { byteBars, fittedHtml } from '../report/sizes.ts';
import { dataSettings, trainingOf, trainingSettings } from '../settings/common-settings.ts';
import {
  addFlags,
  type ConfigOf,
  checkConfig,
  flagsTyped,
  number,
  readConfigFile,
  type Settings,
} from '../settings/config.ts';
import { takesModel } from '../settings/model-file.ts';
import { storageSettings } from '../settings/storage-settings.ts';
import { sha256Of, teacherIn } from '../settings/teacher-settings.ts';
import { follow } from '../terminal/follow.ts';
import { helpText } from '../terminal/help.ts';
import { fittedTable } from '../terminal/model-tables.ts';
import { duration, grouped, type Printer, percent } from '../terminal/output.ts';
import { stepSettings } from './train.ts';

const texts = option.list(option.text(), { least: 1, most: 64 });

export const compressSettings = {
  ...dataSettings,
  ...trainingSettings,
  weight: {
    flag: '--weight <scheme>',
    help: 'how the layers shall store their weights, such as tensorTrain:ranks=8; a layer that it leaves no room stays as it is',
    standard: 'as they do',
    rule: option.text(),
  },
  weights: {
    flag: '--weights <schemes...>',
    help: 'one scheme for each layer in order, instead of --weight',
    rule: texts,
  },
  layers: {
    flag: '--layers <names>',
    help: 'the layers meant, as `funhash inspect` lists them, such as 0,2',
    standard: 'all',
    rule: texts,
    read: (given: string): unknown => given.split(','),
  },
  ...stepSettings,
  epochs: {
    flag: '--epochs <n>',
    help: 'passes of fine-tuning over the data; 0: none',
    rule: field(option.integer({ most: 1e6 }), 0),
    read: number,
  },
  ...storageSettings,
  bytes: {
    flag: '--bytes <n>',
    help: 'the most bytes of the file: weights become levels, fine-tuning pays for every bit, and the file is a compact one',
    rule: storageFields.bytes,
    read: number,
  },
  maxError: {
    flag: '--max-error <percent>',
    help: 'look for the fewest bytes at which the validation error is no higher: up to 6 fine-tunings, then the file as by --bytes',
    rule: option.real({ least: 0, most: 100 }),
    read: number,
  },
} as const satisfies Settings;

type CompressConfig = ConfigOf<typeof compressSettings>;

/** The name of the figures in a folder that `compress` wrote. */
export const figuresFile = 'report.json';

/** Fine-tunings that look for a size, and how near to the smallest one they end. */
const mostTrials = 6;
const nearEnough = 1.1;

interface CompressFlags {
  readonly config?: string;
  readonly out?: string;
  readonly json?: true;
}

/** Makes `funhash compress`: another form of a model file. */
export function compressCommand(output: Printer): Command {
  const command = new Command('compress')
    .summary('store a trained model by other schemes or in another format')
    .description(
      'Fits the weights of a model file by other schemes, fine-tunes the model where --epochs says so, and writes a ' +
        'folder: config.json, model.safetensors, report.json, metrics.jsonl, and report.html to look at. The given file ' +
        'stays as it is. Without --weight the model is only stored anew, as --store-as says.',
    )
    .option('--config <file>', 'settings as JSON, as a run folder has them; flags win over it')
    .option(
      '--out <folder>',
      'the folder of the result, new or empty (default: runs/compress-<date and time>)',
    )
    .option('--json', 'print the report as JSON');
  addFlags(command, compressSettings).addHelpText('after', helpText(output, examples));
  return takesModel(command, '', (model, flags: CompressFlags) =>
    compressFile(model, flags, flagsTyped(command, compressSettings), output),
  );
}

async function compressFile(
  path: string,
  { config: source, out, json }: CompressFlags,
  given: Record<string, unknown>,
  output: Printer,
): Promise<void> {
  const fields = { ...(source === undefined ? {} : await readConfigFile(source)), ...given };
  const config = checkConfig(compressSettings, fields, source ?? 'the command line');
  const backend = await chooseBackend(config.backend, config.threads);
  const settings = { ...config, backend };
  await requireFile('the model', path);
  if (out !== undefined) await requireEmpty(out);
  const asked = await specOf(settings, path);
  const spec = config.maxError === undefined ? asked : await fewestBytes(asked, config, output);

  let fit: FittedEvent | undefined;
  const { kept, options } = forReport();
  const errors: TestErrors = {};
  const metrics: EpochRecord[] = [];
  const result = await follow(
    (signal) =>
      runTraining(spec, {
        signal,
        threads: config.threads,
        loaderThread: config.loaderThread,
        ...options,
      }),
    {
      title: 'fine-tune',
      epochs: config.epochs,
      remedy: () => 'Nothing was written.',
      onEvent: (event, note) => {
        if (event.type === 'fitted') {
          const { before, fitted, seconds } = event;
          fit = event;
          errors.before = before ?? undefined;
          if (fitted === null) return;
          errors.fitted = fitted;
          note(
            `fitted in ${duration(1000 * seconds)}: test error ${percent([fitted])} %, ` +
              `${percent([before ?? Number.NaN])} % before`,
          );
        } else if (event.type === 'epoch') {
          const { type: _, ...record } = event;
          metrics.push(record);
        }
      },
    },
    output,
  );
  const { data, model: bytes } = kept;
  if (config.epochs > 0) errors.fineTuned = result.testError;
  errors.file = result.fileTestError;
  errors.fileValidation = result.fileValidationError;

  const report = { ...fit?.report, model: path, fileBytes: bytes.length, testErrors: errors };
  const folder = await claimFolder(out, 'compress');
  try {
    await folder.writeJson(configFile, settings);
    if (metrics.length > 0)
      await folder.write(runFiles.metrics, metrics.map((line) => `${JSON.stringify(line)}\n`).join(''));
    await folder.write(spec.storage.bytes === undefined ? runFiles.model : compactFile, bytes);
    await folder.writeJson(figuresFile, report);
    await folder.write(
      reportFile,
      await pageFor({ model: path, settings, fit, errors, metrics, result, data, fileBytes: bytes.length }),
    );
  } finally {
    await folder.release();
  }
  if (json) return output.json({ folder: folder.path, ...report }, 2);
  if (fit) output.line(`${fittedTable(fit.report, output.columns)}\n`);
  output.line(
    `${errorText(errors)}; ${fileText(errors)} from the file of ` +
      `${grouped(bytes.length)} bytes, in ${folder.path}`,
  );
  output.note(`look at ${folder.file(reportFile)}`);
}

interface Compressed {
  readonly model: string;
  readonly settings: CompressConfig;
  readonly fit: FittedEvent | undefined;
  readonly errors: TestErrors;
  readonly metrics: readonly EpochRecord[];
  readonly result: RunResult;
  readonly data: Dataset | undefined;
  readonly fileBytes: number;
}

async function pageFor({
  model,
  settings,
  fit,
  errors,
  metrics,
  result,
  data,
  fileBytes,
}: Compressed): Promise<string> {
  const modelBytes = (await stat(model)).size;
  return pageOf({
    title: `${model}, compressed`,
    intro: `${data?.description ?? settings.data}. ${capitalized(errorText(errors))}; ${fileText(errors)} from the file of ${grouped(fileBytes)} bytes, ${(modelBytes / fileBytes).toFixed(1)} times smaller than the given one.`,
    sections: [
      {
        title: 'Sizes',
        html:
          byteBars([
            ['the given file', modelBytes],
            ['the compressed file', fileBytes],
          ]) + (fit ? fittedHtml(fit.report) : ''),
      },
      ...curvesSection(metrics, 'Fine-tuning'),
      ...curvesSection(await epochsBeside(model), 'How the given model was trained'),
      ...testSections(result, data, `${model}, compressed`),
    ],
    command: commandText(['compress', model], compressSettings, settings),
    config: settings,
  });
}

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The run that settings of `compress` ask for: the model of a file, fitted anew and trained on. */
async function specOf(config: CompressConfig, file: string): Promise<RunSpec> {
  const { weight, weights, layers, learningRate, relativeStep, freeze, storeAs, compress, bytes } = config;
  const request = trainingOf(config);
  const sha256 = await sha256Of(file);
  return runSpec({
    ...request,
    net: { file, sha256, weights: weights ?? weight ?? [], ...(layers && { layers }) },
    optimizer: { ...request.optimizer, relativeStep, ...(learningRate !== undefined && { learningRate }) },
    storage: { storeAs, compress, ...(bytes !== undefined && { bytes }) },
    ...(await teacherIn(config)),
    ...(freeze && { freeze }),
  });
}

/** The run whose file has the fewest bytes at the validation error that is allowed: test images are not touched. */
async function fewestBytes(spec: RunSpec, config: CompressConfig, output: Printer): Promise<RunSpec> {
  const { maxError = 0, epochs, threads, loaderThread, bytes } = config;
  if (bytes !== undefined || epochs === 0)
    throw new ArgumentError({
      operation: 'compress',
      expected: 'epochs of fine-tuning, and of --bytes and --max-error one',
      actual: bytes === undefined ? '--epochs 0' : 'both',
    });
  const at = (size: number): RunSpec => ({ ...spec, storage: { ...spec.storage, bytes: size } });
  let [enough, few]: (number | undefined)[] = [];
  // Two bits a value, at first.
  let size = Math.max(
    256,
    Math.ceil((await load(isFromFile(spec.net) ? spec.net.file : '')).summary().total.storedCount / 4),
  );
  for (let trial = 0; trial < mostTrials; trial++) {
    let error = Number.NaN;
    try {
      await follow(
        (signal) => runTraining({ ...at(size), judge: null }, { signal, threads, loaderThread }),
        {
          title: `at most ${grouped(size)} bytes`,
          epochs,
          remedy: () => 'Nothing was written.',
          onEvent: (event) => {
            if (event.type === 'epoch') error = event.validation?.errorRate ?? Number.NaN;
          },
        },
        output,
      );
    } catch (cause) {
      // So few bytes do not hold what is no weight.
      if (!(cause instanceof ArgumentError && cause.details.operation === 'byteBudget')) throw cause;
      error = Number.POSITIVE_INFINITY;
    }
    output.note(`at most ${grouped(size)} bytes: validation error ${percent([error])} %`);
    if (100 * error <= maxError) enough = size;
    else few = size;
    if (enough !== undefined && few !== undefined && enough / few < nearEnough) break;
    const next =
      enough === undefined ? 1.7 * size : few === undefined ? enough / 1.7 : Math.sqrt(enough * few);
    size = Math.ceil(next);
  }
  if (enough !== undefined) return at(enough);
  throw new ArgumentError({
    operation: 'compress',
    expected: `a validation error of at most ${maxError} % at up to ${grouped(few ?? 0)} bytes`,
    actual: 'more',
    remedy: 'Allow more, fine-tune for more --epochs, or begin with a better model.',
  });
}

interface TestErrors {
  before?: number | undefined;
  fitted?: number;
  fineTuned?: number | undefined;
  file?: number | undefined;
  fileValidation?: number | undefined;
}

function errorText({ before, fitted, fineTuned }: TestErrors): string {
  const parts = [
    `test error ${percent([before ?? Number.NaN])} % before`,
    ...(fitted === undefined ? [] : [`${percent([fitted])} % fitted`]),
    ...(fineTuned === undefined ? [] : [`${percent([fineTuned])} % fine-tuned`]),
  ];
  return parts.join(', ');
}

const fileText = ({ file, fileValidation }: TestErrors): string =>
  `${percent([file ?? Number.NaN])} %${fileValidation === undefined ? '' : ` (validation ${percent([fileValidation])} %)`}`;

const examples = `
Schemes are written as for train; \`funhash schemes\` lists them.

Examples:
  $ funhash compress runs/…/model.safetensors --weight tensorTrain:ranks=8 --data mnist --epochs 3
  $ funhash compress runs/…/model.safetensors --weight hashedNet:1/16 --layers 0 --store-as f16
  $ funhash compress runs/…/model.safetensors --weights kronecker:terms=5 dense --epochs 5 --out runs/small
  $ funhash compress runs/…/model.safetensors --store-as i8 --compress
  $ funhash compress runs/…/model.safetensors --bytes 1000 --epochs 10 --learning-rate 0.015`;
