import { type OptionsOf, option } from '@funhash/hashing';
import {
  Conv2d,
  Dense,
  Dropout,
  GlobalAveragePool,
  MaxPool2d,
  type Module,
  Reshape,
  Sequential,
} from '@funhash/layers';
import { layerMaker } from './convolutions.ts';
import { defineModel, type ModelMaker } from './define-model.ts';
import { cifar, photographRules, rateOption, widthsOption } from './model-options.ts';
import { weightAt } from './weights.ts';

/** Channels of the convolutions between two pools, in units of those of the first. */
const groups = [
  [1, 1],
  [2, 2],
  [4, 4, 4],
  [8, 8, 8],
  [8, 8, 8],
];

const rules = {
  ...photographRules,
  /** Channels of the first group; the others have twice, four and eight times as many. Default 64. */
  channels: option.count(),
  /** Whether each convolution, which then has no bias, is normalised. Default true; the paper, older, has none. */
  batchNorm: option.flag(),
  /**
   * How many convolutions of the last group, the first ones, are dense layers on the whole image instead, as in the
   * MPO paper: of 2048 units on 32 × 32 images, with the role `fc`. From 0 to 3. Default 0.
   */
  flat: option.integer({ most: 3 }),
  /** Widths of dense layers before the classes. Default none; for 32 × 32 images Liu and Deng have [512]. */
  hidden: widthsOption(),
  /** Dropout rate before each dense layer, from 0 up to 1. Default 0, none. */
  dropout: rateOption(),
};

/** Options of `vgg16`. */
export type Vgg16Options = OptionsOf<typeof rules>;

/**
 * VGG-16 for small images: the thirteen convolutions of the paper's configuration D in five groups, each followed by
 * pooling, and, in place of its three wide dense layers, the mean of what remains of the image and the classes.
 * 14 714 688 parameters in the convolutions. Images [B, H, W, C] of at least 32 × 32, or flat rows → [B, classes].
 *
 * Source: Simonyan and Zisserman 2014, arXiv:1409.1556; Liu and Deng 2015, "Very deep convolutional neural network
 * based image classification using small training sample size", for 32 × 32 images; Gao et al. 2020, arXiv:1904.06194,
 * with `flat: 2` and `hidden: [4096, 4096]`.
 *
 * @throws OptionError for an unknown option; ArgumentError for a value out of its range
 */
export const vgg16: ModelMaker<Vgg16Options> = defineModel({
  name: 'vgg16',
  options: rules,
  build,
  forms: {
    vgg16: { widths: [64], options: ({ widths: [channels] }) => ({ channels: channels as number }) },
    // As in the MPO paper: the first two convolutions of the last group are dense layers on the whole image.
    'vgg16-flat': {
      widths: [64, 4096, 4096],
      options: ({ widths: [channels, ...hidden] }) => ({ flat: 2, channels: channels as number, hidden }),
    },
  },
});

function build({
  input = cifar,
  classes = 10,
  channels: base = 64,
  batchNorm = true,
  flat = 0,
  hidden = [],
  dropout = 0,
  weight,
  seed = 0,
}: Vgg16Options): Sequential {
  const make = layerMaker(weight);
  const [height, width] = [input[0], input[1]].map((side) => Math.floor(side / 16)) as [number, number];
  let channels = input[2];
  const conv = (out: number, isFirst: boolean): Module[] => {
    const [from, role] = [channels, isFirst ? 'stem' : 'conv'] as const;
    channels = out;
    if (batchNorm) return [make.conv(from, out, { kernelSize: 3, role }), make.norm(out, 'relu')];
    const place = { role, rows: out, cols: 9 * from, kernelSize: 3 };
    const options = { in: from, out, kernelSize: 3, padding: 1, activation: 'relu' } as const;
    return [new Conv2d({ ...options, ...weightAt(weight, place) })];
  };
  const wholeImage = (out: number): Module[] => {
    const norm = batchNorm ? [make.norm(out, 'relu')] : [];
    channels = out;
    return [...make.flat([height, width, out], { bias: !batchNorm }), ...norm];
  };
  const convolutions = groups.flatMap((widths, group) => [
    ...widths.flatMap((factor, k) =>
      group === groups.length - 1 && k < flat
        ? wholeImage(base * factor)
        : conv(base * factor, group + k === 0),
    ),
    new MaxPool2d({ kernelSize: 2 }),
  ]);
  const drop = dropout > 0 ? [new Dropout({ rate: dropout })] : [];
  const dense = hidden.flatMap((out): Module[] => {
    const place = { role: 'fc', rows: out, cols: channels, kernelSize: 1 } as const;
    const layer = new Dense({ in: channels, out, activation: 'relu', ...weightAt(weight, place) });
    channels = out;
    return [...drop, layer];
  });
  return new Sequential(
    [
      new Reshape({ shape: input }),
      ...convolutions,
      new GlobalAveragePool(),
      ...dense,
      ...drop,
      make.head(channels, classes),
    ],
    { seed },
  );
}
