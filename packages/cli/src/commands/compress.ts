import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { readBytes } from '@funhash/codec';
import type { Dataset } from '@funhash/datasets';
import {
  chooseBackend,
  type EpochRecord,
  type FittedEvent,
  field,
  type RunResult,
  type RunSpec,
  requireEmpty,
  runFiles,
  runSpec,
  runTraining,
} from '@funhash/experiments';
import { option } from '@funhash/hashing';
import { Command } from 'commander';
import { requireFile } from '../files/paths.ts';
import { claimFolder, configFile, reportFile } from '../files/run-folders.ts';
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
import { follow } from '../terminal/follow.ts';
import { helpText } from '../terminal/help.ts';
import { fittedTable } from '../terminal/model-tables.ts';
import { duration, grouped, type Printer, percent } from '../terminal/output.ts';
import { stepSettings } from './train.ts';

const texts = option.list(option.text(), { least: 1, most: 64 });

const compressSettings = {
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
} as const satisfies Settings;

type CompressConfig = ConfigOf<typeof compressSettings>;

const figuresFile = 'report.json';

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
  const spec = await specOf(settings, path);
  if (out !== undefined) await requireEmpty(out);

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

  const report = { ...fit?.report, fileBytes: bytes.length, testErrors: errors };
  const folder = await claimFolder(out, 'compress');
  try {
    await folder.writeJson(configFile, settings);
    if (metrics.length > 0)
      await folder.write(runFiles.metrics, metrics.map((line) => `${JSON.stringify(line)}\n`).join(''));
    await folder.write(runFiles.model, bytes);
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
    `${errorText(errors)}; ${percent([errors.file ?? Number.NaN])} % from the file of ` +
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
    intro: `${data?.description ?? settings.data}. ${capitalized(errorText(errors))}; ${percent([errors.file ?? Number.NaN])} % from the file of ${grouped(fileBytes)} bytes, ${(modelBytes / fileBytes).toFixed(1)} times smaller than the given one.`,
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
  const { weight, weights, layers, learningRate, relativeStep, storeAs, compress } = config;
  const request = trainingOf(config);
  const sha256 = createHash('sha256')
    .update(await readBytes(file))
    .digest('hex');
  return runSpec({
    ...request,
    net: { file, sha256, weights: weights ?? weight ?? [], ...(layers && { layers }) },
    optimizer: { ...request.optimizer, relativeStep, ...(learningRate !== undefined && { learningRate }) },
    storage: { storeAs, compress },
  });
}

interface TestErrors {
  before?: number | undefined;
  fitted?: number;
  fineTuned?: number | undefined;
  file?: number | undefined;
}

function errorText({ before, fitted, fineTuned }: TestErrors): string {
  const parts = [
    `test error ${percent([before ?? Number.NaN])} % before`,
    ...(fitted === undefined ? [] : [`${percent([fitted])} % fitted`]),
    ...(fineTuned === undefined ? [] : [`${percent([fineTuned])} % fine-tuned`]),
  ];
  return parts.join(', ');
}

const examples = `
Schemes are written as for train; \`funhash schemes\` lists them.

Examples:
  $ funhash compress runs/…/model.safetensors --weight tensorTrain:ranks=8 --data mnist --epochs 3
  $ funhash compress runs/…/model.safetensors --weight hashedNet:1/16 --layers 0 --store-as f16
  $ funhash compress runs/…/model.safetensors --weights kronecker:terms=5 dense --epochs 5 --out runs/small
  $ funhash compress runs/…/model.safetensors --store-as i8 --compress`;
