import { type OptionsOf, option } from '@funhash/hashing';
import { AveragePool2d, Conv2d, Flatten, MaxPool2d, type Module, Reshape, Sequential } from '@funhash/layers';
import { defineModel, type ModelMaker, type NamedModelOptions } from './define-model.ts';
import { denseLayers } from './mlp.ts';
import {
  activationOption,
  digitRules,
  mnist,
  rateOption,
  requireSides,
  widthsOption,
} from './model-options.ts';
import { weightAt } from './weights.ts';

const forms = {
  classic: { channels: [6, 16], padding: 2, hidden: [120, 84] },
  caffe: { channels: [20, 50], padding: 0, hidden: [500] },
} as const;

const rules = {
  ...digitRules,
  /**
   * `classic` (default): 6 and 16 channels, dense layers of 120 and 84, the image padded by 2, which makes 28 pixels
   * the 32 of the paper; 61 706 parameters on MNIST. `caffe`: 20 and 50 channels, a dense layer of 500; 431 080.
   */
  form: option.oneOf(['classic', 'caffe']),
  /** Channels of the two convolutions, in place of those of the form. */
  channels: option.that<readonly [number, number]>(
    'two whole numbers ≥ 1',
    (value) => Array.isArray(value) && value.length === 2 && widthsOption().accepts(value),
  ),
  /** Widths of the dense layers before the classes, in place of those of the form. */
  hidden: widthsOption(),
  /** Activation after convolutions and hidden dense layers. Default relu; the paper has tanh. */
  activation: activationOption(),
  /** Pooling that halves images. Default `max`; the paper has averages with trained coefficients. */
  pool: option.oneOf(['max', 'average']),
  /** Dropout rate after hidden dense layers, from 0 up to 1. Default 0, none. */
  dropout: rateOption(),
};

/** Options of `leNet5`. */
export type LeNet5Options = OptionsOf<typeof rules>;

/**
 * LeNet-5: two convolutions of 5 × 5, each followed by pooling, and dense layers. Images [B, H, W, C], or flat rows →
 * [B, classes].
 *
 * Source: LeCun, Bottou, Bengio, Haffner 1998, "Gradient-based learning applied to document recognition", without the
 * partial connections of its second convolution.
 *
 * @throws OptionError for an unknown option; ArgumentError for a value out of its range, or images too small
 */
export const leNet5: ModelMaker<LeNet5Options> = defineModel({
  name: 'leNet5',
  options: rules,
  build,
  forms: { lenet5: formOf('classic'), 'lenet5-caffe': formOf('caffe') },
});

function formOf(form: keyof typeof forms) {
  const { channels, hidden } = forms[form];
  return {
    widths: [...channels, ...hidden],
    options: ({ widths: [first, second, ...hidden] }: NamedModelOptions): LeNet5Options => ({
      form,
      channels: [first as number, second as number],
      hidden,
    }),
  };
}

function build({
  input = mnist,
  classes = 10,
  form = 'classic',
  activation = 'relu',
  pool = 'max',
  dropout = 0,
  weight,
  seed = 0,
  ...rest
}: LeNet5Options): Sequential {
  const { padding } = forms[form];
  const { channels = forms[form].channels, hidden = forms[form].hidden } = rest;
  const [height, width, inputs] = input;
  const sideOf = (extent: number): number => Math.floor((Math.floor((extent + 2 * padding - 4) / 2) - 4) / 2);
  const [rows, columns] = [sideOf(height), sideOf(width)];
  requireSides('leNet5', input, 16 - 2 * padding);

  const Pool = pool === 'max' ? MaxPool2d : AveragePool2d;
  const conv = (role: 'stem' | 'conv', from: number, out: number, amount: number): Module[] => [
    new Conv2d({
      in: from,
      out,
      kernelSize: 5,
      padding: amount,
      activation,
      ...weightAt(weight, { role, rows: out, cols: 25 * from, kernelSize: 5 }),
    }),
    new Pool({ kernelSize: 2 }),
  ];
  const widths = [rows * columns * channels[1], ...hidden, classes];
  return new Sequential(
    [
      new Reshape({ shape: input }),
      ...conv('stem', inputs, channels[0], padding),
      ...conv('conv', channels[0], channels[1], 0),
      new Flatten(),
      ...denseLayers({ widths, activation, dropout, weight }),
    ],
    { seed },
  );
}
