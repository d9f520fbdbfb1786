import { type OptionsOf, option } from '@funhash/hashing';
import { Flatten, MaxPool2d, Reshape, Sequential } from '@funhash/layers';
import { layerMaker } from './convolutions.ts';
import { defineModel, type ModelMaker, type NamedModelOptions } from './define-model.ts';
import { digitRules, mnist, requireSides } from './model-options.ts';

const published = [8, 12, 16] as const;

const rules = {
  ...digitRules,
  /** Channels of the three convolutions. Default [8, 12, 16]: 4 232 weights on MNIST. */
  channels: option.list(option.count(), { least: 3, most: 3 }),
};

/** Options of `smallConvNet`. */
export type SmallConvNetOptions = OptionsOf<typeof rules>;

/**
 * A net for the smallest files: a convolution of 5 × 5 with stride 2, two of 3 × 3 with a pool between them, each with batch
 * normalisation, and the classes. Images [B, H, W, C] of at least 17 × 17, or flat rows → [B, classes].
 *
 * No paper has it. The stride of the first convolution spares most of what convolutions at full size take.
 *
 * @throws OptionError for an unknown option; ArgumentError for a value out of its range, or images too small
 */
export const smallConvNet: ModelMaker<SmallConvNetOptions> = defineModel({
  name: 'smallConvNet',
  options: rules,
  build,
  forms: {
    'small-conv': {
      widths: [...published],
      options: ({ widths }: NamedModelOptions): SmallConvNetOptions => ({ channels: widths }),
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
}: SmallConvNetOptions): Sequential {
  const [height, width, inputs] = input;
  const [rows, columns] = [height, width].map((extent) => afterConvolutions(extent)) as [number, number];
  requireSides('smallConvNet', input, 17);
  const make = layerMaker(weight);
  const [first, second, third] = channels as readonly [number, number, number];
  return new Sequential(
    [
      new Reshape({ shape: input }),
      make.conv(inputs, first, { kernelSize: 5, stride: 2, padding: 1, role: 'stem' }),
      make.norm(first, activation),
      make.conv(first, second, { kernelSize: 3, padding: 0 }),
      make.norm(second, activation),
      new MaxPool2d({ kernelSize: 2 }),
      make.conv(second, third, { kernelSize: 3, padding: 0 }),
      make.norm(third, activation),
      new Flatten(),
      make.head(rows * columns * third, classes),
    ],
    { seed },
  );
}

/** Pixels along one side that a side of an image becomes. */
const afterConvolutions = (extent: number): number => Math.floor((Math.floor((extent - 3) / 2) - 1) / 2) - 2;
