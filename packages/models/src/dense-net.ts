import { type OptionsOf, option } from '@funhash/hashing';
import {
  AveragePool2d,
  Concat,
  Dropout,
  GlobalAveragePool,
  type Module,
  Reshape,
  Sequential,
} from '@funhash/layers';
import { layerMaker } from './convolutions.ts';
import { defineModel, type ModelMaker } from './define-model.ts';
import { blocksOf, cifar, photographRules, rateOption } from './model-options.ts';

const rules = {
  ...photographRules,
  /** Layers with weights, 3·n + 4. Default 40. */
  depth: option.count(),
  /** k, the channels that each layer adds. Default 12. */
  growth: option.count(),
  /** Dropout rate after each convolution, from 0 up to 1. Default 0, none. */
  dropout: rateOption(),
};

/** Options of `denseNet`. */
export type DenseNetOptions = OptionsOf<typeof rules>;

/**
 * DenseNet without bottlenecks: in three blocks of n layers each layer sees the outputs of all before it and adds
 * `growth` channels. Depth 40 with growth 12 has 1.0 million parameters. Images [B, H, W, C], or flat rows →
 * [B, classes].
 *
 * Source: Huang, Liu, van der Maaten, Weinberger 2016, arXiv:1608.06993, section 4.2.
 *
 * @throws OptionError for an unknown option; ArgumentError for a value out of its range
 */
export const denseNet: ModelMaker<DenseNetOptions> = defineModel({
  name: 'denseNet',
  options: rules,
  build,
  forms: {
    densenet40: {
      widths: [12],
      options: ({ widths: [growth] }) => ({ depth: 40, growth: growth as number }),
    },
  },
});

function build({
  input = cifar,
  classes = 10,
  depth = 40,
  growth = 12,
  dropout = 0,
  weight,
  seed = 0,
}: DenseNetOptions): Sequential {
  const layers = blocksOf('denseNet', depth, 3, 4);
  const make = layerMaker(weight);
  const drop = dropout > 0 ? [new Dropout({ rate: dropout })] : [];
  let channels = 16;
  const block = (): Module[] =>
    Array.from({ length: layers }, () => {
      const added = new Sequential([make.normConv(channels, growth, { kernelSize: 3 }), ...drop]);
      channels += growth;
      return new Concat([new Sequential([]), added]);
    });
  const transition = (): Module[] => [
    make.normConv(channels, channels, { kernelSize: 1 }),
    ...drop,
    new AveragePool2d({ kernelSize: 2 }),
  ];
  return new Sequential(
    [
      new Reshape({ shape: input }),
      make.conv(input[2], channels, { kernelSize: 3, role: 'stem' }),
      ...block(),
      ...transition(),
      ...block(),
      ...transition(),
      ...block(),
      make.norm(channels, 'relu'),
      new GlobalAveragePool(),
      make.head(channels, classes),
    ],
    { seed },
  );
}
