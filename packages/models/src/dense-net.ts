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
import { blocksOf, checkedOptions, type ImageModelOptions } from './model-options.ts';
import { requireCounts } from './weights.ts';

export interface DenseNetOptions extends ImageModelOptions {
  /** 3·n + 4 layers. Default 40. */
  readonly depth?: number;
  /** k, the channels that each layer adds. Default 12. */
  readonly growth?: number;
  /** Rate after each convolution. Default 0, none. */
  readonly dropout?: number;
}

/**
 * DenseNet without bottlenecks: in three blocks of n layers each layer sees the outputs of all before it and adds
 * `growth` channels. Depth 40 with growth 12 has 1.0 million parameters. Images [B, H, W, C], or flat rows →
 * [B, classes].
 *
 * Source: Huang, Liu, van der Maaten, Weinberger 2016, arXiv:1608.06993, section 4.2.
 */
export function denseNet({
  depth = 40,
  growth = 12,
  dropout = 0,
  ...rest
}: DenseNetOptions = {}): Sequential {
  const { input, classes, seed, weight } = checkedOptions('denseNet', rest);
  requireCounts('denseNet', { growth });
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
