import { ArgumentError, type OptionsOf, option } from '@funhash/hashing';
import { Flatten, MaxPool2d, type Module, Reshape, Sequential } from '@funhash/layers';
import { layerMaker } from './convolutions.ts';
import { defineModel, type ModelMaker, type NamedModelOptions } from './define-model.ts';
import { activationOption, imageShapeOption, modelRules } from './model-options.ts';

const published = [8, 12, 16, 16] as const;

const rules = {
  /** Extents of an image, [height, width, channels]. Default [28, 28, 1]. */
  input: imageShapeOption(),
  ...modelRules,
  /** Channels of the four convolutions. Default [8, 12, 16, 16]: 6 408 weights on MNIST. */
  channels: option.list(option.count(), { least: 4, most: 4 }),
  /** Activation after each convolution. Default relu. */
  activation: activationOption(),
};

/** Options of `smallConvNet`. */
export type SmallConvNetOptions = OptionsOf<typeof rules>;

/**
 * A net for the smallest files: four convolutions of 3 × 3, the first two padded and pooled, the others not, each with batch
 * normalisation, and the classes. Images [B, H, W, C] of at least 20 × 20, or flat rows → [B, classes].
 *
 * No paper has it: it was chosen on 5 000 held-out images of MNIST among six of its kind.
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
  input = [28, 28, 1],
  classes = 10,
  channels = published,
  activation = 'relu',
  weight,
  seed = 0,
}: SmallConvNetOptions): Sequential {
  const [height, width, inputs] = input;
  const [rows, columns] = [height, width].map((extent) => Math.floor(Math.floor(extent / 2) / 2) - 4) as [
    number,
    number,
  ];
  if (rows < 1 || columns < 1)
    throw new ArgumentError({
      operation: 'smallConvNet',
      expected: 'images of at least 20 pixels a side',
      actual: `${height} × ${width}`,
    });
  const make = layerMaker(weight);
  const conv = (k: number, padding: number): Module[] => {
    const from = k === 0 ? inputs : (channels[k - 1] as number);
    const out = channels[k] as number;
    const role = k === 0 ? 'stem' : 'conv';
    return [make.conv(from, out, { kernelSize: 3, padding, role }), make.norm(out, activation)];
  };
  return new Sequential(
    [
      new Reshape({ shape: input }),
      ...conv(0, 1),
      new MaxPool2d({ kernelSize: 2 }),
      ...conv(1, 1),
      new MaxPool2d({ kernelSize: 2 }),
      ...conv(2, 0),
      ...conv(3, 0),
      new Flatten(),
      make.head(rows * columns * (channels[3] as number), classes),
    ],
    { seed },
  );
}
