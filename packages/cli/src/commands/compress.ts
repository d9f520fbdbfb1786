import { saveBytes } from '@funhash/codec';
import type { ImageDataset } from '@funhash/datasets';
import {
  chooseBackend,
  drawSplits,
  loadImages,
  optimizerOf,
  parseScheme,
  schemeAt,
  stepOf,
  trainingData,
  weightRequest,
} from '@funhash/experiments';
import {
  Conv1d,
  compress,
  load,
  type Module,
  type PlacedWeight,
  placedWeights,
  type WeightRequest,
} from '@funhash/layers';
import { errorRate, evaluate, fit } from '@funhash/training';
import { Command } from 'commander';
import { UsageError } from '../errors.ts';
import { openRunFolder, unusedFolder } from '../files/run-folder.ts';
import {
  addFlags,
  type ConfigOf,
  checkConfig,
  flagsTyped,
  listOf,
  number,
  readConfigFile,
  type Settings,
  text,
  whole,
} from '../settings/config.ts';
import { storageOf, storageSettings } from '../settings/storage.ts';
import { follow } from '../terminal/follow.ts';
import { onInterrupt } from '../terminal/interrupt.ts';
import { duration, grouped, type Output, percent } from '../terminal/output.ts';
import { trainSettings } from './train.ts';

const {
  model: _model,
  hidden: _hidden,
  widths: _widths,
  activation: _activation,
  dropout: _dropout,
  weight: _weight,
  weights: _weights,
  ...shared
} = trainSettings;

const compressSettings = {
  ...shared,
  weight: {
    flag: '--weight <scheme>',
    help: 'how the layers shall store their weights, such as tensorTrain:ranks=8 (default: as they do)',
    schema: text,
  },
  weights: {
    flag: '--weights <schemes...>',
    help: 'one scheme for each layer in order, instead of --weight',
    schema: listOf(text),
  },
  layers: {
    flag: '--layers <names>',
    help: 'the layers meant, as `funhash inspect` lists them, such as 0,2 (default: all)',
    schema: listOf(text),
    read: (given: string): unknown => given.split(','),
  },
  epochs: {
    flag: '--epochs <n>',
    help: 'passes of fine-tuning over the data; 0: none',
    schema: whole(0, 1e6),
    read: number,
    default: 0,
  },
  ...storageSettings,
} as const satisfies Settings;

type CompressConfig = ConfigOf<typeof compressSettings>;

const files = {
  config: 'config.json',
  metrics: 'metrics.jsonl',
  model: 'model.safetensors',
  report: 'report.json',
};

interface CompressFlags {
  readonly config?: string;
  readonly out?: string;
  readonly json?: true;
}

/** `funhash compress`: another form of a model file. */
export function compressCommand(output: Output): Command {
  const command = new Command('compress')
    .summary('store a trained model by other schemes or in another format')
    .description(
      'Fits the weights of a model file by other schemes, fine-tunes the model where --epochs says so, and writes a\n' +
        'folder: config.json, model.safetensors, report.json, metrics.jsonl. The given file stays as it is. Without\n' +
        '--weight the model is only stored anew, as --store-as says.',
    )
    .argument('<model>', 'a model file (.safetensors)')
    .option('--config <file>', 'settings as JSON, as a run folder has them; flags come before it')
    .option('--out <folder>', 'the folder of the result (default: runs/compress-<date and time>)')
    .option('--json', 'print the report as JSON');
  return addFlags(command, compressSettings)
    .addHelpText('after', examples)
    .action(async (model: string, flags: CompressFlags) =>
      compressFile(model, flags, flagsTyped(command, compressSettings), output),
    );
}

async function compressFile(
  path: string,
  { config: source, out, json }: CompressFlags,
  given: Record<string, unknown>,
  output: Output,
): Promise<void> {
  const fields = { ...(source === undefined ? {} : await readConfigFile(source)), ...given };
  const config = checkConfig(compressSettings, fields, source ?? 'the command line');
  for (const scheme of schemesIn(config)) parseScheme(scheme);
  const target = await unusedFolder(out, 'compress');
  const backend = await chooseBackend(config.backend, config.threads);
  const net = await load(path);
  const requestOf = requestsIn(config, net);
  const images = await loadImages(config);
  const errorOf = async (model: Module): Promise<number> =>
    (await evaluate(model, images.test, { metrics: { errorRate } })).errorRate;

  const errors: TestErrors = { before: await errorOf(net) };
  const begun = performance.now();
  const { model, report } = await compress(net, {
    weight: requestOf,
    seed: config.seed,
    ...(config.layers && { layers: config.layers }),
  });
  if (report.weights.length > 0) {
    errors.fitted = await errorOf(model);
    const [before, fitted] = [percent([errors.before]), percent([errors.fitted])];
    output.note(
      `fitted in ${duration(performance.now() - begun)}: test error ${fitted} %, ${before} % before`,
    );
  }
  const metrics: object[] = [];
  if (config.epochs > 0) {
    await fineTune(model, images, config, metrics, output);
    errors.fineTuned = await errorOf(model);
  }
  const bytes = await model.toBytes({ storeAs: storageOf(config, model), compress: config.compress });
  errors.file = await errorOf(await load(bytes));

  const result = { ...report, fileBytes: bytes.length, testErrors: errors };
  const folder = await openRunFolder(target);
  await folder.writeJson(files.config, { ...config, backend });
  if (metrics.length > 0)
    await folder.write(files.metrics, metrics.map((line) => `${JSON.stringify(line)}\n`).join(''));
  await saveBytes(folder.file(files.model), bytes);
  await folder.writeJson(files.report, result);
  if (json) return output.line(JSON.stringify({ folder: folder.path, ...result }, null, 2));
  output.line(
    `${report}\n\n${errorText(errors)}; ${percent([errors.file])} % from the file of ` +
      `${grouped(bytes.length)} bytes, in ${folder.path}`,
  );
}

interface TestErrors {
  readonly before: number;
  fitted?: number;
  fineTuned?: number;
  file?: number;
}

function errorText({ before, fitted, fineTuned }: TestErrors): string {
  const parts = [
    `test error ${percent([before])} % before`,
    ...(fitted === undefined ? [] : [`${percent([fitted])} % fitted`]),
    ...(fineTuned === undefined ? [] : [`${percent([fineTuned])} % fine-tuned`]),
  ];
  return parts.join(', ');
}

/** Trains on, and collects the metrics of each epoch. */
async function fineTune(
  model: Module,
  images: ImageDataset,
  config: CompressConfig,
  metrics: object[],
  output: Output,
): Promise<void> {
  const splits = drawSplits(images.train, config, config.seed);
  const data = await trainingData(splits.train, images, config);
  const stop = onInterrupt();
  try {
    await follow(
      fit({
        model,
        ...data.fields,
        validation: splits.validation,
        epochs: config.epochs,
        batchSize: config.batchSize,
        metrics: { errorRate },
        seed: config.seed,
        signal: stop.signal,
        reportEverySteps: 5,
        ...optimizerOf({ ...config, learningRate: stepIn(config, model) }),
      }),
      {
        title: 'fine-tune',
        epochs: config.epochs,
        remedy: 'Nothing was written.',
        onEvent: (event) => {
          if (event.type !== 'epoch') return;
          const { epoch, step, loss, learningRate, seconds, validation } = event;
          metrics.push({ epoch, step, loss, learningRate, seconds, validation });
        },
      },
      output,
    );
  } finally {
    stop.release();
    await data.close();
  }
}

const schemesIn = ({ weight, weights }: CompressConfig): readonly string[] =>
  weights ?? (weight === undefined ? [] : [weight]);

/** What each weight shall become. @throws UsageError where there is not one scheme for each */
function requestsIn(
  { weight, weights, layers }: CompressConfig,
  net: Module,
): (placed: PlacedWeight) => WeightRequest | undefined {
  if (weights === undefined)
    return (placed) => (weight === undefined ? undefined : requestAt(schemeAt(weight, placeOf(placed))));
  const names = placedWeights(net)
    .filter(({ name, places }) => !layers || [name, ...places].some((known) => layers.includes(known)))
    .map(({ name }) => name);
  if (weights.length !== names.length)
    throw new UsageError({
      operation: '--weights',
      expected: `one scheme for each of ${names.join(', ') || 'no weights'}`,
      actual: `${weights.length}: ${weights.join(' ')}`,
    });
  return ({ name }) => requestAt(weights[names.indexOf(name)] as string);
}

function requestAt(scheme: string): WeightRequest {
  const parsed = parseScheme(scheme);
  if (parsed.shared)
    throw new UsageError({
      operation: `scheme ${scheme}`,
      expected: 'values of its own for each layer',
      actual: 'shared',
      remedy: 'Train with a shared space from the start.',
    });
  return weightRequest(parsed);
}

/** Schemes for filters go by the side of a square kernel. */
function placeOf({ layer, cols }: PlacedWeight): { cols: number; kernelSize: number } {
  const { kernelSize = 1 } =
    (layer as { readonly options?: { readonly kernelSize?: unknown } }).options ?? {};
  const isSquare = typeof kernelSize === 'number' && !(layer instanceof Conv1d);
  return { cols, kernelSize: isSquare ? kernelSize : 1 };
}

/** A part of the step from random values: trained ones have less far to go. */
function stepIn(config: CompressConfig, model: Module): number {
  const { learningRate, optimizer, relativeStep } = config;
  if (learningRate !== undefined) return learningRate;
  if (!relativeStep) return optimizer === 'sgd' ? 0.03 : 0.0003;
  const weights = placedWeights(model);
  const kind = weights.find((weight) => weight.kind !== 'dense')?.kind ?? 'dense';
  const hasKernels = weights.some((weight) => placeOf(weight).kernelSize > 1);
  return stepOf(kind, hasKernels ? 'convolutions' : 'mlp') / 3;
}

const examples = `
Schemes are written as for train; \`funhash schemes\` lists them.

Examples:
  $ funhash compress runs/…/model.safetensors --weight tensorTrain:ranks=8 --data mnist --epochs 3
  $ funhash compress runs/…/model.safetensors --weight hashedNet:1/16 --layers 0 --store-as f16
  $ funhash compress runs/…/model.safetensors --weights kronecker:terms=5 dense --epochs 5 --out runs/small
  $ funhash compress runs/…/model.safetensors --store-as i8 --compress`;
