import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { saveBytes } from '@funhash/codec';
import {
  buildNet,
  chooseBackend,
  drawSplits,
  isBinary,
  loadImages,
  type OptimizerConfig,
  optimizerNames,
  optimizerOf,
  parseScheme,
  placesOf,
  quantizerOf,
  requireFilters,
  schemeAt,
  shapeOf,
  stepOf,
  trainingData,
} from '@funhash/experiments';
import { load } from '@funhash/layers';
import { errorRate, evaluate, fit, softmaxCrossEntropy, squaredHinge } from '@funhash/training';
import { Command } from 'commander';
import { UsageError } from '../errors.ts';
import { createRunFolder, openRunFolder, type RunFolder } from '../files/run-folder.ts';
import {
  addFlags,
  type ConfigOf,
  checkConfig,
  flag,
  flagsTyped,
  listOf,
  number,
  oneOf,
  readConfigFile,
  real,
  type Settings,
  text,
  whole,
} from '../settings/config.ts';
import { commonSettings } from '../settings/settings.ts';
import { storageOf, storageSettings } from '../settings/storage.ts';
import { follow } from '../terminal/follow.ts';
import { onInterrupt } from '../terminal/interrupt.ts';
import { grouped, type Output, percent } from '../terminal/output.ts';
import { StepProfile } from '../terminal/profile.ts';

export const trainSettings = {
  ...commonSettings,
  weight: {
    flag: '--weight <scheme>',
    help: 'how layers store their weights, such as hashedNet:1/64 or funHash:1/64,hashes=8; the first convolution stays plain',
    schema: text,
    default: 'dense',
  },
  weights: {
    flag: '--weights <schemes...>',
    help: 'one scheme for each layer in order, the first convolution included, instead of --weight',
    schema: listOf(text),
  },
  optimizer: {
    flag: '--optimizer <name>',
    help: optimizerNames.join(', '),
    schema: oneOf(optimizerNames),
    default: 'adam',
  },
  learningRate: {
    flag: '--learning-rate <x>',
    help: 'in units of each tensor’s scale (default: 0.27 for shared values, 0.13 in convolutions, 0.1 or 0.2 for others); of binary nets as it is (default: 0.003)',
    schema: real(0, 1e6),
    read: number,
  },
  relativeStep: {
    flag: '--no-relative-step',
    help: 'take --learning-rate as it is, not relative to scales',
    schema: flag,
    default: true,
  },
  quantizer: {
    flag: '--quantizer <scheme>',
    help: 'what weights of binary nets are: binary, stochasticBinary, ternary, lsq:bits=2',
    schema: text,
    default: 'binary',
  },
  shiftNorm: {
    flag: '--shift-norm',
    help: 'normalise batches of binary nets by shifts',
    schema: flag,
    default: false,
  },
  loaderThread: {
    flag: '--loader-thread',
    help: 'prepare shifted, flipped, turned or cut images in a thread of their own',
    schema: flag,
    default: false,
  },
  ...storageSettings,
  threads: {
    flag: '--threads <n>',
    help: 'threads of the wasm backend (default: as many as cores)',
    schema: whole(1, 64),
    read: number,
    default: availableParallelism(),
  },
} as const satisfies Settings;

export type TrainConfig = ConfigOf<typeof trainSettings>;

const files = {
  config: 'config.json',
  metrics: 'metrics.jsonl',
  checkpoint: 'checkpoint.safetensors',
  model: 'model.safetensors',
  summary: 'summary.json',
};

interface TrainFlags extends Readonly<Record<string, unknown>> {
  readonly config?: string;
  readonly out?: string;
  readonly resume?: string;
  readonly json?: true;
  readonly profile?: true;
}

/** `funhash train`: one net on one data set, into a run folder. */
export function trainCommand(output: Output): Command {
  const command = new Command('train')
    .summary('train one net')
    .description(
      'Trains a net and writes a run folder: config.json, metrics.jsonl, checkpoint.safetensors,\n' +
        'model.safetensors, summary.json. Ctrl-C saves a checkpoint from which --resume goes on, bit for bit.',
    )
    .option('--config <file>', 'settings as JSON, as a run folder has them; flags come before it')
    .option('--out <folder>', 'the run folder (default: runs/train-<date and time>)')
    .option('--resume <checkpoint>', 'go on with a run; its settings are read from beside the checkpoint')
    .option('--json', 'print the summary as JSON')
    .option('--profile', 'tell what a step costs on the GPU: passes, bytes, read-backs, textures');
  return addFlags(command, trainSettings)
    .addHelpText('after', examples)
    .action(async (flags: TrainFlags) => train(flags, flagsTyped(command, trainSettings), output));
}

async function train(
  { config: path, out, resume, json, profile: profiled }: TrainFlags,
  given: Record<string, unknown>,
  output: Output,
): Promise<void> {
  if (resume !== undefined && (out !== undefined || path !== undefined))
    throw new UsageError({
      operation: 'train',
      expected: '--resume alone: its folder holds the configuration',
      actual: '--out or --config beside it',
    });
  const source = resume === undefined ? path : `${dirname(resume)}/${files.config}`;
  const fields = { ...(source === undefined ? {} : await readConfigFile(source)), ...given };
  const config = checkConfig(trainSettings, fields, source ?? 'the command line');
  for (const scheme of config.weights ?? [config.weight]) parseScheme(scheme);
  quantizerOf(config.quantizer);

  const images = await loadImages(config);
  const backend = await chooseBackend(config.backend, config.threads);
  const shape = shapeOf(config, images);
  if (!config.weights) requireFilters(parseScheme(config.weight).kind, shape);
  const weights =
    config.weights ??
    placesOf(shape).map((place) => (place.role === 'stem' ? 'dense' : schemeAt(config.weight, place)));
  const net = buildNet({ ...config, ...shape, weights });
  const splits = drawSplits(images.train, config, config.seed);
  const folder =
    resume === undefined ? await createRunFolder(out, 'train') : await openRunFolder(dirname(resume));
  await folder.writeJson(files.config, { ...config, backend });
  output.note(
    `${grouped(splits.train.count)} images for training, ${grouped(splits.validation.count)} for validation; ` +
      `${backend} backend; ${folder.path}\n${net.summary()}`,
  );
  const loss = isBinary(config.model) ? squaredHinge : softmaxCrossEntropy;
  const data = await trainingData(splits.train, images, config);
  const stop = onInterrupt();
  const profile = profiled ? new StepProfile() : undefined;
  try {
    await follow(
      fit({
        model: net,
        ...data.fields,
        validation: splits.validation,
        loss,
        epochs: config.epochs,
        batchSize: config.batchSize,
        metrics: { errorRate },
        seed: config.seed,
        signal: stop.signal,
        reportEverySteps: 5,
        checkpoint: { path: folder.file(files.checkpoint) },
        ...(resume !== undefined && { resume }),
        ...optimizerOf(stepsOf(config, weights)),
      }),
      {
        title: config.weights ? 'train' : config.weight,
        epochs: config.epochs,
        remedy: `Go on with:\n  funhash train --resume ${folder.file(files.checkpoint)}`,
        onEvent: async (event) => {
          if (event.type === 'start') await keepMetricsUntil(folder, event.epoch);
          else if (event.type === 'step') profile?.note(event.step);
          else if (event.type === 'epoch') {
            profile?.interrupt();
            const { epoch, step, loss, learningRate, seconds, validation } = event;
            await folder.append(files.metrics, { epoch, step, loss, learningRate, seconds, validation });
          }
        },
      },
      output,
    );
    if (profile) output.note(String(profile));
  } finally {
    stop.release();
    await data.close();
  }

  const { loss: testLoss, errorRate: testError } = await evaluate(net, images.test, {
    loss,
    metrics: { errorRate },
  });
  const { storedCount, storedBytes } = net.summary().total;
  const file = await net.toBytes({ storeAs: storageOf(config, net), compress: config.compress });
  await saveBytes(folder.file(files.model), file);
  // A file of f32 holds the very bits that were just tested.
  const fileTestError =
    config.storeAs === 'f32'
      ? testError
      : (await evaluate(await load(file), images.test, { metrics: { errorRate } })).errorRate;
  const summary = {
    testError,
    testLoss,
    storedCount,
    storedBytes,
    fileBytes: file.length,
    fileTestError,
  };
  await folder.writeJson(files.summary, summary);
  if (json) output.line(JSON.stringify({ folder: folder.path, ...summary }, null, 2));
  else
    output.line(
      `test error ${percent([testError])} % with ${grouped(storedCount)} stored values; ` +
        `${percent([fileTestError])} % from the file of ${grouped(file.length)} bytes, in ${folder.path}`,
    );
}

/** Of the paper's code for binary nets. */
const binaryStep = 0.003;

/** Latent values of signs all have one scale, and a rate of their own for each layer: their steps are not relative. */
function stepsOf(config: TrainConfig, weights: readonly string[]): OptimizerConfig {
  const { optimizer, model, quantizer } = config;
  const hasBounds = isBinary(model) && /binary/i.test(quantizer);
  const relativeStep = config.relativeStep && !hasBounds;
  const usual = (): number => {
    if (hasBounds) return binaryStep;
    if (!relativeStep) return optimizer === 'sgd' ? 0.1 : 0.001;
    return stepOf(parseScheme(weights.find((text) => text !== 'dense') ?? 'dense').kind, model);
  };
  return { optimizer, relativeStep, learningRate: config.learningRate ?? usual() };
}

/** A run that goes on from a checkpoint repeats what came after it. */
async function keepMetricsUntil(folder: RunFolder, epoch: number): Promise<void> {
  const text = await readFile(folder.file(files.metrics), 'utf8').catch(() => '');
  const kept = text.split('\n').filter((line) => line !== '' && JSON.parse(line).epoch <= epoch);
  await folder.write(files.metrics, kept.map((line) => `${line}\n`).join(''));
}

const examples = `
Schemes are written kind[:size][,option=value…], with a size of 1/64, 0.5, values=12250 or bytes=49000;
\`funhash schemes\` lists them. dct2d(hashedNet):1/64,height=28,width=28,keep=12 is a scheme in a basis of cosines.

Examples:
  $ funhash train --data mnist --hidden 1000 --weight hashedNet:1/64 --epochs 10
  $ funhash train --hidden 500,500 --weights funHash:1/64,dual tiles:1/64 dense --train-count 12000
  $ funhash train --model lenet5 --weight funHash:1/16 --shift 2 --epochs 20
  $ funhash train --model lenet5 --weight hashedNet:1/16,shared --store-as i5 --compress
  $ funhash train --model bnn --widths 1024,1024,1024 --dropout 0 --epochs 40
  $ funhash train --config runs/first/config.json --seed 1 --out runs/second
  $ funhash train --resume runs/first/checkpoint.safetensors`;
