import { datasets } from '@funhash/datasets';
import {
  augmentFields,
  type DataSpec,
  dataFields,
  field,
  isStack,
  modelNames,
  type NewNetSpec,
  netFields,
  optimizerFields,
  type RunRequest,
  runFields,
} from '@funhash/experiments';
import { option } from '@funhash/hashing';
import { activations } from '@funhash/layers';
import { optimizers } from '@funhash/training';
import { type ConfigOf, number, numbers, type Settings } from './config.ts';

/** The data sets that take an option. */
function namesWith(option: string): string {
  const sources = Object.entries(datasets).filter(([, { options }]) => option in options);
  return sources.map(([name]) => name).join(', ');
}

/** What decides the samples of a command. */
export const sampleSettings = {
  data: {
    flag: '--data <name|path>',
    help: `${Object.keys(datasets).join(', ')}, a folder with the four IDX files of such a set, named as those of MNIST, a folder with a sub-folder of pictures for each class, or a table (.csv, .tsv, .jsonl, .json) with --target`,
    rule: dataFields.name,
  },
  dataDir: {
    flag: '--data-dir <folder>',
    help: `folder with the files of ${namesWith('dir')}`,
    standard: 'where the package of the data set, or FUNHASH_DATA, has them',
    rule: dataFields.dir,
  },
  words: {
    flag: '--words <n>',
    help: `commonest words that have numbers of their own, of ${namesWith('words')}; 0: every word goes by its hash, and no list of words is stored`,
    standard: '10000',
    rule: dataFields.words,
    read: number,
  },
  length: {
    flag: '--length <n>',
    help: `steps of a sequence, of ${namesWith('length')}: words of a text, days that a forecast is made from`,
    standard: 'that of the data set',
    rule: dataFields.length,
    read: number,
  },
  target: {
    flag: '--target <name>',
    help: `column of a table that is to be found; what is forecast, of ${namesWith('target')}`,
    standard: 'that of the data set',
    rule: dataFields.target,
  },
  horizon: {
    flag: '--horizon <n>',
    help: `steps to the one that is forecast, of ${namesWith('horizon')}`,
    standard: '1',
    rule: dataFields.horizon,
    read: number,
  },
  dataSeed: {
    flag: '--data-seed <n>',
    help: `seed that draws the images of ${namesWith('seed')}, which are made on the spot, and the test part of your own samples`,
    rule: dataFields.seed,
    read: number,
  },
  backgrounds: {
    flag: '--backgrounds <folder>',
    help: `photographs (PNG) in the images of ${namesWith('backgroundsDir')}`,
    standard: 'generated',
    rule: dataFields.backgrounds,
  },
  task: {
    flag: '--task <name>',
    help: 'whether the target is a class or a number',
    standard: 'texts and whole numbers of few values are classes',
    rule: dataFields.task,
  },
  text: {
    flag: '--text <column>',
    help: 'column of a table whose words are the only input',
    rule: dataFields.text,
  },
  ignore: {
    flag: '--ignore <columns...>',
    help: 'columns of a table that are no inputs',
    rule: dataFields.ignore,
  },
  kinds: {
    flag: '--kinds <column=kind...>',
    help: 'what columns of a table are, where their values do not say it: number, date, category, hashed, words, text, ignored',
    rule: dataFields.kinds,
  },
  split: {
    flag: '--split <column>',
    help: 'column of a table that says test of the rows for the test',
    standard: 'drawn by --data-seed',
    rule: dataFields.split,
  },
  side: {
    flag: '--side <n>',
    help: 'side to which your own pictures are scaled, in pixels',
    standard: '28',
    rule: dataFields.side,
    read: number,
  },
  colour: {
    flag: '--colour',
    help: 'keep the colours of your own pictures',
    rule: dataFields.colour,
  },
  testShare: {
    flag: '--test-share <share>',
    help: 'part of your own samples that is drawn for the test',
    standard: '0.2',
    rule: dataFields.test,
    read: number,
  },
} as const satisfies Settings;

/** Data of a command that trains. */
export const dataSettings = {
  ...sampleSettings,
  trainCount: {
    flag: '--train-count <n>',
    help: 'samples to train on, drawn by --seed',
    standard: 'all that validation leaves',
    rule: dataFields.trainCount,
    read: number,
  },
  validation: {
    flag: '--validation <n>',
    help: 'samples held out of the training set, on which every choice is made; below 1: a share of them',
    rule: dataFields.validation,
    read: number,
  },
  testCount: {
    flag: '--test-count <n>',
    help: 'test samples',
    standard: 'the whole test set',
    rule: dataFields.testCount,
    read: number,
  },
} as const satisfies Settings;

/** The backend on which tensors live. */
export const backendSetting = {
  flag: '--backend <name>',
  help: 'what computes: reference (plain loops), wasm, auto (wasm where it loads), gpu (headless GL, under an X display), gpu:cpu (its kernels as scripts)',
  isLocal: true,
  rule: runFields.backend,
};

/** How a net is trained: the changes to images, the steps, the length of the run. */
export const trainingSettings = {
  shift: {
    flag: '--shift <n>',
    help: 'move training images by up to n pixels along both axes, anew in each epoch',
    rule: augmentFields.shift,
    read: number,
  },
  flip: {
    flag: '--flip',
    help: 'mirror half of the training images',
    rule: augmentFields.flip,
  },
  rotation: {
    flag: '--rotation <degrees>',
    help: 'turn training images by up to so many degrees',
    rule: augmentFields.rotation,
    read: number,
  },
  cutout: {
    flag: '--cutout <n>',
    help: 'paint a square of n × n pixels over, anywhere in training images',
    rule: augmentFields.cutout,
    read: number,
  },
  optimizer: {
    flag: '--optimizer <name>',
    help: `rule of the steps: ${Object.keys(optimizers).join(', ')}`,
    rule: optimizerFields.rule,
  },
  epochs: {
    flag: '--epochs <n>',
    help: 'passes over the data',
    rule: field(option.integer({ least: 1, most: 1e6 }), runFields.epochs.default),
    read: number,
  },
  batchSize: {
    flag: '--batch-size <n>',
    help: 'images in a step',
    rule: runFields.batchSize,
    read: number,
  },
  accumulate: {
    flag: '--accumulate <n>',
    help: 'batches whose gradients make one step, as one batch of so many times the samples',
    rule: runFields.accumulate,
    read: number,
  },
  average: {
    flag: '--average <share>',
    help: 'keep a moving average of the weights, of which a step keeps this share, such as 0.999: validation judges it and the file holds it',
    standard: 'no average',
    rule: runFields.average,
    read: number,
  },
  seed: {
    flag: '--seed <n>',
    help: 'decides start values, hashes, the draw and the order of images',
    rule: runFields.seed,
    read: number,
  },
  backend: backendSetting,
} as const satisfies Settings;

/** The shape of a net. */
export const netSettings = {
  model: {
    flag: '--model <name>',
    help: `kind of net: ${modelNames.join(', ')}`,
    rule: netFields.model,
  },
  hidden: {
    flag: '--hidden <widths>',
    help: 'widths of the hidden layers of an mlp, such as 1000 or 500,500',
    rule: field(option.list(option.integer({ least: 1, most: 2 ** 20 }), { least: 1, most: 64 }), [1000]),
    read: numbers,
  },
  widths: {
    flag: '--widths <list>',
    help: 'channels and hidden widths of the other models, such as 6,16,120,84 for lenet5',
    standard: 'as published',
    rule: netFields.widths,
    read: numbers,
  },
  embedding: {
    flag: '--embedding <scheme>',
    help: 'how the embedding of words is stored, such as hashedNet:values=32000',
    rule: netFields.embedding,
  },
  activation: {
    flag: '--activation <name>',
    help: `of hidden layers: ${Object.keys(activations).join(', ')}`,
    rule: netFields.activation,
  },
  dropout: {
    flag: '--dropout <rate>',
    help: 'share of hidden units set to 0 in training',
    rule: netFields.dropout,
    read: number,
  },
} as const satisfies Settings;

type DataConfig = ConfigOf<typeof sampleSettings> & Partial<ConfigOf<typeof dataSettings>>;

/** The part of a spec that says which samples. */
export function dataOf(config: DataConfig): DataSpec {
  const { data: name, dataDir: dir, dataSeed: seed, validation = 0, ...others } = config;
  const { backgrounds, words, length, target, horizon, trainCount, testCount } = others;
  const { task, text, ignore, kinds, split, side, colour, testShare: test } = others;
  const given = {
    ...{ dir, backgrounds, words, length, target, horizon, trainCount, testCount },
    ...{ task, text, ignore, kinds, split, side, colour, test },
  };
  return {
    name,
    seed,
    validation,
    // Absent where they were not given: a spec names what decides a run.
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
}

/** The part of a spec that says which net, without its weights. */
export function netOf({ hidden, widths, ...config }: ConfigOf<typeof netSettings>): NewNetRequest {
  const { model, activation, dropout, embedding } = config;
  const chosen = widths ?? (isStack(model) ? hidden : undefined);
  return { model, activation, dropout, embedding, ...(chosen && { widths: chosen }) };
}

type NewNetRequest = Pick<NewNetSpec, 'model' | 'activation' | 'dropout' | 'embedding' | 'widths'>;

/** The part of a spec that says how a net is trained. */
export function trainingOf(
  config: ConfigOf<typeof dataSettings> & ConfigOf<typeof trainingSettings>,
): RunRequest {
  const { shift, flip, rotation, cutout, optimizer, epochs, batchSize, accumulate, average, seed, backend } =
    config;
  return {
    data: dataOf(config),
    augment: { shift, flip, rotation, cutout },
    optimizer: { rule: optimizer },
    ...{ epochs, batchSize, accumulate, seed, backend },
    ...(average !== undefined && { average }),
  };
}
