import { type OptionsOf, option } from '@funhash/hashing';
import { Dropout, GlobalAveragePool, type Module, Reshape, Residual, Sequential } from '@funhash/layers';
import { type LayerMaker, layerMaker } from './convolutions.ts';
import { defineModel, type ModelMaker } from './define-model.ts';
import { blocksOf, cifar, photographRules, rateOption } from './model-options.ts';
import type { ImageShape } from './weights.ts';

const rules = {
  ...photographRules,
  /** Layers with weights, 6·n + 4: 16, 22, 28, 40. Default 28. */
  depth: option.count(),
  /** k, by which the channels of a ResNet are multiplied. Default 10. */
  width: option.count(),
  /** Channels of the first group of a net of width 1; the next ones have twice and four times as many. Default 16. */
  channels: option.count(),
  /**
   * Residual blocks of one dense layer on the whole image behind the last group, as in the MPO paper: of 8 · 8 · 256 =
   * 16 384 units in a net of width 4, with the role `fc`. Plain, one has 268 million weights. Default 0.
   */
  flat: option.integer(),
  /** Dropout rate between the convolutions of a block, from 0 up to 1. Default 0, none. */
  dropout: rateOption(),
};

/** Options of `wideResNet`. */
export type WideResNetOptions = OptionsOf<typeof rules>;

/**
 * Wide ResNet (WRN-depth-width): three groups of n blocks, each normalisation, activation and convolution twice.
 * WRN-28-10 has 36.5 million parameters. Images [B, H, W, C], or flat rows → [B, classes].
 *
 * Source: Zagoruyko and Komodakis 2016, arXiv:1605.07146; Gao et al. 2020, arXiv:1904.06194, with `flat: 1`.
 *
 * @throws OptionError for an unknown option; ArgumentError for a value out of its range
 */
export const wideResNet: ModelMaker<WideResNetOptions> = defineModel({
  name: 'wideResNet',
  options: rules,
  build,
  forms: {
    'wrn-16-4': {
      widths: [16],
      options: ({ widths: [channels] }) => ({ depth: 16, width: 4, channels: channels as number }),
    },
  },
});

function build({
  input = cifar,
  classes = 10,
  depth = 28,
  width = 10,
  channels = 16,
  flat = 0,
  dropout = 0,
  weight,
  seed = 0,
}: WideResNetOptions): Sequential {
  const blocks = blocksOf('wideResNet', depth, 6, 4);
  const make = layerMaker(weight);
  const stem = make.conv(input[2], channels, { kernelSize: 3, role: 'stem' });
  let from = channels;
  const body = [1, 2, 4].flatMap((factor, group) =>
    Array.from({ length: blocks }, (_, k) => {
      const to = channels * factor * width;
      const block = wideBlock(make, from, to, group > 0 && k === 0 ? 2 : 1, dropout);
      from = to;
      return block;
    }),
  );
  return new Sequential(
    [
      new Reshape({ shape: input }),
      stem,
      ...body,
      ...Array.from({ length: flat }, () => flatBlock(make, [sideOf(input[0]), sideOf(input[1]), from])),
      make.norm(from, 'relu'),
      new GlobalAveragePool(),
      make.head(from, classes),
    ],
    { seed },
  );
}

/** Pixels along a side of the image behind two convolutions of stride 2. */
const sideOf = (extent: number): number => Math.ceil(Math.ceil(extent / 2) / 2);

function flatBlock(make: LayerMaker, shape: ImageShape): Module {
  return new Residual(new Sequential([make.norm(shape[2], 'relu'), ...make.flat(shape, { bias: false })]));
}

// Where the shape changes, the shortcut takes what is normalised, too.
function wideBlock(make: LayerMaker, from: number, to: number, stride: number, dropout: number): Module {
  const first = make.norm(from, 'relu');
  const rest = [
    make.conv(from, to, { kernelSize: 3, stride }),
    make.norm(to, 'relu'),
    ...(dropout > 0 ? [new Dropout({ rate: dropout })] : []),
    make.conv(to, to, { kernelSize: 3 }),
  ];
  if (from === to && stride === 1) return new Residual(new Sequential([first, ...rest]));
  const shortcut = make.conv(from, to, { kernelSize: 1, stride });
  return new Sequential([first, new Residual(new Sequential(rest), { shortcut })]);
}
