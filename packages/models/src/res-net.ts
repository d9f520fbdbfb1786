import { type OptionsOf, option } from '@funhash/hashing';
import {
  AveragePool2d,
  GlobalAveragePool,
  type Module,
  Pad,
  Reshape,
  Residual,
  Sequential,
} from '@funhash/layers';
import { type LayerMaker, layerMaker } from './convolutions.ts';
import { defineModel, type ModelMaker, type NamedModelOptions } from './define-model.ts';
import { blocksOf, cifar, photographRules } from './model-options.ts';

const rules = {
  ...photographRules,
  /** Layers with weights, 6·n + 2: 20, 32, 44, 56, 110. Default 20. */
  depth: option.count(),
  /** Channels of the first group; the next ones have twice and four times as many. Default 16. */
  channels: option.count(),
  /**
   * The shortcut of a block that halves the image and doubles the channels: `pad` (default, the paper's A for these nets) takes every
   * second pixel and adds channels of zeros; `conv` (B) is a convolution of 1 × 1.
   */
  shortcut: option.oneOf(['pad', 'conv']),
};

/** Options of `resNet`. */
export type ResNetOptions = OptionsOf<typeof rules>;

/**
 * ResNet for small images: three groups of n blocks of two convolutions. Depth 20 has 0.27 million parameters, 32
 * 0.46, 44 0.66, 56 0.85, 110 1.7. Images [B, H, W, C], or flat rows → [B, classes].
 *
 * Source: He, Zhang, Ren, Sun 2015, arXiv:1512.03385, section 4.2.
 *
 * @throws OptionError for an unknown option; ArgumentError for a value out of its range
 */
export const resNet: ModelMaker<ResNetOptions> = defineModel({
  name: 'resNet',
  options: rules,
  build,
  forms: { resnet20: formOf(20), resnet32: formOf(32) },
});

function formOf(depth: number) {
  return {
    widths: [16],
    options: ({ widths: [channels] }: NamedModelOptions) => ({ depth, channels: channels as number }),
  };
}

function build({
  input = cifar,
  classes = 10,
  depth = 20,
  channels = 16,
  shortcut = 'pad',
  weight,
  seed = 0,
}: ResNetOptions): Sequential {
  const blocks = blocksOf('resNet', depth, 6, 2);
  const make = layerMaker(weight);
  const stem = make.conv(input[2], channels, { kernelSize: 3, role: 'stem' });
  let from = channels;
  const body = [1, 2, 4].flatMap((factor) =>
    Array.from({ length: blocks }, (_, k) => {
      const to = channels * factor;
      const stride = factor > 1 && k === 0 ? 2 : 1;
      const block = residual(make, from, to, stride, shortcut);
      from = to;
      return block;
    }),
  );
  return new Sequential(
    [
      new Reshape({ shape: input }),
      stem,
      make.norm(channels, 'relu'),
      ...body,
      new GlobalAveragePool(),
      make.head(from, classes),
    ],
    { seed },
  );
}

function residual(
  make: LayerMaker,
  from: number,
  to: number,
  stride: number,
  shortcut: 'pad' | 'conv',
): Residual {
  const body = new Sequential([
    make.conv(from, to, { kernelSize: 3, stride }),
    make.norm(to, 'relu'),
    make.conv(to, to, { kernelSize: 3 }),
    make.norm(to),
  ]);
  if (from === to) return new Residual(body, { activation: 'relu' });
  const past: Module[] =
    shortcut === 'conv'
      ? [make.conv(from, to, { kernelSize: 1, stride }), make.norm(to)]
      : [
          new AveragePool2d({ kernelSize: 1, stride }),
          new Pad({ padding: [0, 0, [Math.floor((to - from) / 2), Math.ceil((to - from) / 2)]] }),
        ];
  return new Residual(body, { shortcut: new Sequential(past), activation: 'relu' });
}
