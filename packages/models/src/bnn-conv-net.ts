import { type OptionsOf, option } from '@funhash/hashing';
import {
  Activation,
  binary,
  Conv2d,
  Flatten,
  MaxPool2d,
  type Module,
  Reshape,
  Sequential,
} from '@funhash/layers';
import { binaryLayers, binaryRules, normalized, signOf } from './bnn-mlp.ts';
import { defineModel, type ModelMaker } from './define-model.ts';
import { cifar, photographRules, rateOption, widthsOption } from './model-options.ts';
import { quantizedWeightAt } from './weights.ts';

/** Channels of the pairs of convolutions, in units of those of the first. */
const factors = [1, 2, 4];

const rules = {
  ...photographRules,
  ...binaryRules,
  /** Channels of the first two convolutions; the next two have twice, the last two four times as many. Default 128. */
  channels: option.count(),
  /** Widths of the dense layers before the classes. Default [1024, 1024]. */
  hidden: widthsOption(),
  /** Dropout rate after each hidden dense layer, from 0 up to 1. Default 0, none. */
  dropout: rateOption(),
  /** Storage of latent values: one request, one for each role, or a function of the place. Default: plain. */
  weight: photographRules.weight,
};

/** Options of `bnnConvNet`. */
export type BnnConvNetOptions = OptionsOf<typeof rules>;

/**
 * A binarised convolutional net: three pairs of 3 × 3 convolutions, the second of each followed by pooling, and dense
 * layers. All weights are ±1; what leaves a layer is normalised and becomes ±1, but for the classes. Images [B, H, W, C]
 * of at least 8 × 8, or flat rows, bytes from 0 to 1 → [B, classes].
 *
 * Source: Courbariaux et al. 2016, arXiv:1602.02830, section 2.2. To be trained with `squaredHinge`.
 *
 * @throws OptionError for an unknown option; ArgumentError for a value out of its range
 */
export const bnnConvNet: ModelMaker<BnnConvNetOptions> = defineModel({
  name: 'bnnConvNet',
  options: rules,
  build,
  forms: {
    'bnn-conv': {
      widths: [128, 1024, 1024],
      isBinary: true,
      options: ({ widths: [channels, ...hidden], activation }) => ({
        channels: channels as number,
        hidden,
        activation: signOf(activation),
      }),
    },
  },
});

function build({
  input = cifar,
  classes = 10,
  channels: base = 128,
  hidden = [1024, 1024],
  dropout = 0,
  quantizer = binary,
  activation = 'sign',
  shiftBased = false,
  weight,
  seed = 0,
}: BnnConvNetOptions): Sequential {
  const [height, width, from] = input;
  let channels = from;
  const conv = (out: number, isLast: boolean, role: 'stem' | 'conv'): Module[] => {
    const weights = quantizedWeightAt(quantizer, weight, {
      role,
      rows: out,
      cols: 9 * channels,
      kernelSize: 3,
    });
    const product = new Conv2d({
      in: channels,
      out,
      kernelSize: 3,
      padding: 1,
      bias: false,
      weight: weights,
    });
    channels = out;
    const pool = isLast ? [new MaxPool2d({ kernelSize: 2 })] : [];
    return [product, ...pool, normalized(out, { activation, shiftBased })];
  };
  const convolutions = factors.flatMap((factor, k) => [
    ...conv(base * factor, false, k === 0 ? 'stem' : 'conv'),
    ...conv(base * factor, true, 'conv'),
  ]);
  const pixels = Math.floor(height / 8) * Math.floor(width / 8);
  const widths = [pixels * channels, ...hidden, classes];
  return new Sequential(
    [
      new Reshape({ shape: input }),
      new Activation('byte'),
      ...convolutions,
      new Flatten(),
      ...binaryLayers({ widths, dropout, weight, quantizer, activation, shiftBased }),
    ],
    { seed },
  );
}
