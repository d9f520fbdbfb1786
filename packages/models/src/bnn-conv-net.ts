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
import { type BinaryNetOptions, binaryLayers, normalized } from './bnn-mlp.ts';
import { checkedOptions, type ImageModelOptions } from './model-options.ts';
import { quantizedWeightAt, requireCounts } from './weights.ts';

/** Channels of the pairs of convolutions, in units of those of the first. */
const factors = [1, 2, 4];

export interface BnnConvNetOptions extends ImageModelOptions, BinaryNetOptions {
  /** Of the first two convolutions; the next two have twice, the last two four times as many. Default 128. */
  readonly channels?: number;
  /** Widths of the dense layers before the classes. Default [1024, 1024]. */
  readonly hidden?: readonly number[];
  /** Rate after each hidden dense layer. Default 0, none. */
  readonly dropout?: number;
}

/**
 * A binarised convolutional net: three pairs of 3 × 3 convolutions, the second of each followed by pooling, and dense
 * layers. All weights are ±1; what leaves a layer is normalised and becomes ±1, but for the classes. Images [B, H, W, C]
 * of at least 8 × 8, or flat rows, bytes from 0 to 1 → [B, classes].
 *
 * Source: Courbariaux et al. 2016, arXiv:1602.02830, section 2.2. To be trained with `squaredHinge`.
 */
export function bnnConvNet({
  channels: base = 128,
  hidden = [1024, 1024],
  dropout = 0,
  quantizer = binary,
  activation = 'sign',
  shiftBased = false,
  ...rest
}: BnnConvNetOptions = {}): Sequential {
  const { input, classes, seed, weight } = checkedOptions('bnnConvNet', rest);
  requireCounts('bnnConvNet', {
    channels: base,
    ...Object.fromEntries(hidden.map((width, k) => [`hidden[${k}]`, width])),
  });
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
