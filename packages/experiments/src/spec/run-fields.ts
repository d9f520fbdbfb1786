import { pictureFolderRules } from '@funhash/datasets';
import { tableRules } from '@funhash/datasets/tables';
import { option } from '@funhash/hashing';
import { activations } from '@funhash/layers';
import { modelNames } from '../nets/model-kinds.ts';
import { losses } from '../training/losses.ts';
import { optimizerNames } from '../training/optimizer.ts';
import { schedules } from '../training/schedules.ts';
import { storageNames } from '../training/storage.ts';
import { field } from './fields.ts';

// What a run may be told: the one statement of names, values and defaults. Specs, hashes and the flags of commands read it.

const list = { least: 1, most: 64 };

/** One scheme text for each weight, or one for all but the first convolution, which then stays plain. */
const schemeTexts = option.that<string | readonly string[]>(
  'a scheme, or a list of schemes, one for each weight',
  (value) => option.text().accepts(value) || option.list(option.text(), list).accepts(value),
);

const sha256Rule = option.that<string>(
  '64 hexadecimal digits',
  (x) => typeof x === 'string' && /^[0-9a-f]{64}$/.test(x),
);

/** Samples that a run trains on and is judged by. */
export const dataFields = {
  /** Name of a data set, or a path to files of one's own. */
  name: field(option.text(), 'mnist'),
  /** Folder with the files of a data set by name. Default: where its package or FUNHASH_DATA has them. */
  dir: option.text(),
  /** Commonest words that have numbers of their own, of data sets of texts; 0: words go by their hashes. Default 10 000. */
  words: option.integer({ least: 0, most: 2 ** 20 }),
  /** Steps of a sequence: words of a text, or steps that a forecast is made from. Default: that of the data set. */
  length: option.integer({ least: 1, most: 4096 }),
  /** Name of what is to be found: a number of a series, a column of a table. Default: that of the data set. */
  target: option.text(),
  /** Steps to the one that is forecast, of series. Default 1. */
  horizon: option.integer({ least: 1, most: 1024 }),
  /** Seed that draws the images of generated data sets. */
  seed: field(option.integer(), 0),
  /** Folder of photographs behind digits. Default: generated ones. */
  backgrounds: option.text(),
  /** Images to train on, drawn by the seed of the run. Default: all that validation leaves. */
  trainCount: option.integer({ least: 1, most: 1e7 }),
  /** Test images. Default: all. */
  testCount: option.integer({ least: 1, most: 1e7 }),
  /** Samples held out of the training set, on which choices are made; below 1: a share. */
  validation: field(option.real({ least: 0, most: 1e7 }), 0.1),
  /** Whether the target of a table is a class or a number. Default: as its values say. */
  task: tableRules.task,
  /** Column of a table whose words are the only input. */
  text: option.text(),
  /** Columns of a table that are no inputs. */
  ignore: tableRules.ignore,
  /** Kinds of columns of a table, such as `zip=category`. Default: as their values say. */
  kinds: tableRules.kinds,
  /** Column of a table that says `test` of the rows for the test. Default: drawn by the seed. */
  split: option.text(),
  /** Side to which pictures of one's own are scaled, in pixels. Default 28. */
  side: pictureFolderRules.side,
  /** Whether pictures of one's own keep their colours. Default false. */
  colour: pictureFolderRules.colour,
  /** Share of one's own samples that is drawn for the test. Default 0.2. */
  test: tableRules.test,
};

/** Changes to training images, anew in each epoch. */
export const augmentFields = {
  /** Pixels by which images move along both axes, at most. */
  shift: field(option.integer({ most: 1024 }), 0),
  /** Whether half of the images are mirrored. */
  flip: field(option.flag(), false),
  /** Degrees by which images are turned, at most. */
  rotation: field(option.real({ least: 0, most: 180 }), 0),
  /** Side of a square that is painted over, in pixels. */
  cutout: field(option.integer({ most: 1024 }), 0),
};

/** A net that is made anew. */
export const netFields = {
  /** Name of a model. */
  model: field(option.oneOf(modelNames), 'mlp'),
  /** Channels and hidden widths. Default: as published. */
  widths: option.list(option.integer({ least: 1, most: 2 ** 20 }), list),
  /** How weights are stored: scheme texts such as `funHash:1/64,hashes=8`. */
  weights: field(schemeTexts, 'dense'),
  /** How the embedding of words is stored, of models that read words: a scheme text such as `hashedNet:values=32000`. */
  embedding: field(option.text(), 'dense'),
  /** Activation of hidden layers. */
  activation: field(option.oneOf(Object.keys(activations)), 'relu'),
  /** Share of hidden units that are set to 0 in training. */
  dropout: field(option.real({ least: 0, most: 0.99 }), 0.1),
  /** What weights of binary nets are, as a scheme text. */
  quantizer: field(option.text(), 'binary'),
  /** Whether binary nets normalise batches by shifts. */
  shiftNorm: field(option.flag(), false),
};

/** A net that begins as a model file. */
export const fileNetFields = {
  /** Path of the model file. */
  file: option.required(option.text()),
  /** SHA-256 of the file, in hex: a run by other bytes is refused. */
  sha256: sha256Rule,
  /** Schemes by which the trained weights are stored from then on, fitted to them; an empty list tells sizes alone. Default: as in the file. */
  weights: option.that<string | readonly string[]>(
    'a scheme, or a list of schemes, one for each weight',
    (value) => option.text().accepts(value) || option.list(option.text()).accepts(value),
  ),
  /** Layers by their places. Default: all. */
  layers: option.list(option.text(), { least: 1, most: 4096 }),
};

/** The steps of training; further options are those of the rule. */
export const optimizerFields = {
  /** Name of the rule. */
  rule: field(option.oneOf(optimizerNames), 'adam'),
  /** Size of a step. Default: what suits the scheme, or the start from trained values. */
  learningRate: option.real({ least: 0, most: 1e6 }),
  /** Whether steps are relative to the scale of each tensor. */
  relativeStep: field(option.flag(), true),
};

/** The model file that a run ends with. */
export const storageFields = {
  /** Format of stored values; biases are kept as f16 at least. */
  storeAs: field(option.oneOf(storageNames), 'f32'),
  /** Whether the file is gzipped. */
  compress: field(option.flag(), false),
  /** Whether weights of ±1 are packed into bits. */
  pack: field(option.flag(), false),
  /**
   * The most bytes of the file, which is a compact one then: weights become levels, batch normalisation is folded into them, and
   * training pays for every bit. Default: any.
   */
  bytes: option.integer({ least: 1, most: 2 ** 30 }),
};

/** A trained net of which a run learns besides the labels (distillation, Hinton et al. 2015). */
export const teacherFields = {
  /** Path of the model file. */
  file: option.required(option.text()),
  /** SHA-256 of the file, in hex: a run by other bytes is refused. */
  sha256: sha256Rule,
  /** Share of the teacher's probabilities in what is learned; the rest are labels. */
  share: field(option.real({ least: 0, most: 1 }), 0.5),
};

/** What is told of the test images besides the error. */
export const judgeFields = {
  /** Mistakes, those with the most confidence first. */
  mistakes: field(option.integer({ most: 10_000 }), 0),
  /** Rows of the first weight's virtual matrix. */
  units: field(option.integer({ most: 10_000 }), 0),
  /** Whether test images are counted by their class and the one that the net says. */
  confusion: field(option.flag(), false),
  /** Whether it is told how much worse the net does where one part of the inputs is that of other samples. */
  influence: field(option.flag(), false),
};

/** The fields of a run that have no parts. */
export const runFields = {
  /** Times through the data; 0: none, the net is only judged and stored. */
  epochs: field(option.integer({ most: 1e6 }), 10),
  /** Images in a step. */
  batchSize: field(option.integer({ least: 1, most: 65536 }), 100),
  /** Batches whose gradients make one step: a batch of so many times the images, in the memory of a small one. */
  accumulate: field(option.integer({ least: 1, most: 65536 }), 1),
  /** Share that a step keeps of a moving average of the weights, which validation judges and the file holds. Default: no average. */
  average: option.that<number>('a number ≥ 0 and < 1', (x) => typeof x === 'number' && x >= 0 && x < 1),
  /** Parameters that stay as they are: names such as `0.weight`, places of layers such as `0`, texts with `*`. Default: none. */
  freeze: option.list(option.text(), { least: 1, most: 4096 }),
  /** Seed of start values, hashes, the draw and the order of images. */
  seed: field(option.integer(), 0),
  /** Name of the loss. Default: that of the model. */
  loss: option.oneOf(Object.keys(losses)),
  /** Course of the learning rate. */
  schedule: field(option.oneOf(Object.keys(schedules)), 'warmupCosine'),
  /** The backend on which tensors live: auto is wasm where it starts, else the reference. */
  backend: field(option.oneOf<string>(['auto', 'reference', 'wasm', 'gpu', 'gpu:cpu']), 'auto'),
};
