import { type OptionsOf, option } from '@funhash/hashing';
import { GlobalAveragePool, MaxPool2d, type Module, Reshape, Residual, Sequential } from '@funhash/layers';
import { type LayerMaker, layerMaker } from './convolutions.ts';
import { defineModel, type ModelMaker, type NamedModelOptions } from './define-model.ts';
import { digitRules, mnist, requireSides } from './model-options.ts';

const published = [8, 16, 16, 16, 16] as const;

const rules = {
  ...digitRules,
  /** Channels of the convolutions, two or more. Default [8, 16, 16, 16, 16]: 8 424 weights on MNIST. */
  channels: option.list(option.count(), { least: 2 }),
};

/** Options of `deepConvNet`. */
export type DeepConvNetOptions = OptionsOf<typeof rules>;

/**
 * A net whose values are all in small convolutions: one of 5 × 5 with stride 2, then those of 3 × 3, each with batch
 * normalisation, and with a shortcut where channels stay as many; a pool after half of them, the mean of each channel at the end, and the
 * classes. Images [B, H, W, C] of at least 4 × 4, or flat rows → [B, classes].
 *
 * No paper has it: it is for files of few kilobytes, since each of its values is used at many places of an image.
 *
 * @throws OptionError for an unknown option; ArgumentError for a value out of its range, or images too small
 */
export const deepConvNet: ModelMaker<DeepConvNetOptions> = defineModel({
  name: 'deepConvNet',
  options: rules,
  build,
  forms: {
    'deep-conv': {
      widths: [...published],
      hasAnyDepth: true,
      options: ({ widths }: NamedModelOptions): DeepConvNetOptions => ({ channels: widths }),
    },
  },
});

function build({
  input = mnist,
  classes = 10,
  channels = published,
  activation = 'relu',
  weight,
  seed = 0,
}: DeepConvNetOptions): Sequential {
  requireSides('deepConvNet', input, 4);
  const make = layerMaker(weight);
  const [first, ...others] = channels as readonly [number, ...number[]];
  const half = Math.ceil(others.length / 2);
  let from = first;
  const blocks = others.map((to) => {
    const made = block(make, from, to, activation);
    from = to;
    return made;
  });
  return new Sequential(
    [
      new Reshape({ shape: input }),
      make.conv(input[2], first, { kernelSize: 5, stride: 2, padding: 2, role: 'stem' }),
      make.norm(first, activation),
      ...blocks.slice(0, half).flat(),
      new MaxPool2d({ kernelSize: 2 }),
      ...blocks.slice(half).flat(),
      new GlobalAveragePool(),
      make.head(from, classes),
    ],
    { seed },
  );
}

function block(
  make: LayerMaker,
  from: number,
  to: number,
  activation: NonNullable<DeepConvNetOptions['activation']>,
): Module[] {
  const convolution = make.conv(from, to, { kernelSize: 3 });
  return from === to
    ? [new Residual(new Sequential([convolution, make.norm(to)]), { activation })]
    : [convolution, make.norm(to, activation)];
}
