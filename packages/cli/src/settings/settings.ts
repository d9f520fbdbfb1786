import { datasets } from '@funhash/datasets';
import { modelNames } from '@funhash/experiments';
import { activations } from '@funhash/layers';
import { flag, listOf, number, numbers, oneOf, real, type Settings, text, whole } from './config.ts';

/** What `train` and `compare` have in common: the data, the shape of the net, the length of a run. */
export const commonSettings = {
  data: {
    flag: '--data <name|folder>',
    help: `${Object.keys(datasets).join(', ')}, or a folder with the four IDX files`,
    schema: text,
    default: 'mnist',
  },
  dataSeed: {
    flag: '--data-seed <n>',
    help: 'draws the images of generated data sets',
    schema: whole(0, 2 ** 32 - 1),
    read: number,
    default: 0,
  },
  backgrounds: {
    flag: '--backgrounds <folder>',
    help: 'photographs (PNG) behind the digits of bg-img, rect-img (default: generated)',
    schema: text,
  },
  trainCount: {
    flag: '--train-count <n>',
    help: 'images to train on, drawn by seed (default: all that validation leaves)',
    schema: whole(1, 1e7),
    read: number,
  },
  validation: {
    flag: '--validation <n>',
    help: 'images held out of the training set, every choice is made on them; below 1: a share',
    schema: real(0, 1e7),
    read: number,
    default: 0.1,
  },
  testCount: {
    flag: '--test-count <n>',
    help: 'test images (default: the whole test set)',
    schema: whole(1, 1e7),
    read: number,
  },
  model: {
    flag: '--model <name>',
    help: modelNames.join(', '),
    schema: oneOf(modelNames),
    default: 'mlp',
  },
  hidden: {
    flag: '--hidden <widths>',
    help: 'widths of the hidden layers of an mlp, such as 1000 or 500,500',
    schema: listOf(whole(1, 2 ** 20)),
    read: numbers,
    default: [1000],
  },
  widths: {
    flag: '--widths <list>',
    help: 'channels and hidden widths of the other models, such as 6,16,120,84 for lenet5 (default: as published)',
    schema: listOf(whole(1, 2 ** 16)),
    read: numbers,
  },
  activation: {
    flag: '--activation <name>',
    help: `of hidden layers: ${Object.keys(activations).join(', ')}`,
    schema: oneOf(Object.keys(activations)),
    default: 'relu',
  },
  dropout: {
    flag: '--dropout <rate>',
    help: 'share of hidden units set to 0 in training',
    schema: real(0, 0.99),
    read: number,
    default: 0.1,
  },
  shift: {
    flag: '--shift <n>',
    help: 'move training images by up to n pixels along both axes, anew in each epoch',
    schema: whole(0, 1024),
    read: number,
    default: 0,
  },
  flip: {
    flag: '--flip',
    help: 'mirror half of the training images',
    schema: flag,
    default: false,
  },
  rotation: {
    flag: '--rotation <degrees>',
    help: 'turn training images by up to so many degrees',
    schema: real(0, 180),
    read: number,
    default: 0,
  },
  cutout: {
    flag: '--cutout <n>',
    help: 'paint a square of n × n pixels over, anywhere in training images',
    schema: whole(0, 1024),
    read: number,
    default: 0,
  },
  epochs: {
    flag: '--epochs <n>',
    help: 'passes over the data',
    schema: whole(1, 1e6),
    read: number,
    default: 10,
  },
  batchSize: {
    flag: '--batch-size <n>',
    help: 'images in a step',
    schema: whole(1, 65536),
    read: number,
    default: 100,
  },
  seed: {
    flag: '--seed <n>',
    help: 'decides start values, hashes, the draw and the order of images',
    schema: whole(0, 2 ** 32 - 1),
    read: number,
    default: 0,
  },
  backend: {
    flag: '--backend <name>',
    help: 'reference, wasm, auto: wasm where it loads; gpu: headless GL, under an X display; gpu:cpu: its kernels as scripts',
    schema: oneOf<string>(['auto', 'reference', 'wasm', 'gpu', 'gpu:cpu']),
    default: 'auto',
  },
} as const satisfies Settings;
