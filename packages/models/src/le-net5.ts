import { ArgumentError } from '@funhash/hashing';
import {
  type ActivationName,
  AveragePool2d,
  Conv2d,
  Flatten,
  MaxPool2d,
  type Module,
  Reshape,
  Sequential,
} from '@funhash/layers';
import { denseLayers } from './mlp.ts';
import { type ImageShape, type ModelWeights, requireCounts, requireImageShape, weightAt } from './weights.ts';

const forms = {
  classic: { channels: [6, 16], padding: 2, hidden: [120, 84] },
  caffe: { channels: [20, 50], padding: 0, hidden: [500] },
} as const;

export interface LeNet5Options {
  /** Default [28, 28, 1]. */
  readonly input?: ImageShape;
  /** Default 10. */
  readonly classes?: number;
  /**
   * `classic` (default): 6 and 16 channels, dense layers of 120 and 84, the image padded by 2, which makes 28 pixels
   * the 32 of the paper; 61 706 parameters on MNIST. `caffe`: 20 and 50 channels, a dense layer of 500; 431 080.
   */
  readonly form?: keyof typeof forms;
  /** Of the two convolutions, in place of those of the form. */
  readonly channels?: readonly [number, number];
  /** Widths of the dense layers before the classes, in place of those of the form. */
  readonly hidden?: readonly number[];
  /** After convolutions and hidden dense layers. Default relu; the paper has tanh. */
  readonly activation?: ActivationName;
  /** Default `max`; the paper has averages with trained coefficients. */
  readonly pool?: 'max' | 'average';
  /** Rate after hidden dense layers. Default 0, none. */
  readonly dropout?: number;
  readonly weight?: ModelWeights;
  /** Default 0. */
  readonly seed?: number;
}

/**
 * LeNet-5: two convolutions of 5 × 5, each followed by pooling, and dense layers. Images [B, H, W, C], or flat rows →
 * [B, classes].
 *
 * Source: LeCun, Bottou, Bengio, Haffner 1998, "Gradient-based learning applied to document recognition", without the
 * partial connections of its second convolution.
 *
 * @throws ArgumentError for an unknown form, or images too small for it
 */
export function leNet5({
  input = [28, 28, 1],
  classes = 10,
  form = 'classic',
  activation = 'relu',
  pool = 'max',
  dropout = 0,
  weight,
  seed = 0,
  ...rest
}: LeNet5Options = {}): Sequential {
  const operation = 'leNet5';
  requireImageShape(operation, input);
  requireCounts(operation, { classes });
  if (!Object.hasOwn(forms, form))
    throw new ArgumentError({
      operation,
      expected: `a form among ${Object.keys(forms).join(', ')}`,
      actual: String(form),
    });
  const { padding } = forms[form];
  const { channels = forms[form].channels, hidden = forms[form].hidden } = rest;
  requireCounts(
    operation,
    Object.fromEntries([...channels, ...hidden].map((width, k) => [`width ${k}`, width])),
  );
  const [height, width, inputs] = input;
  const sideOf = (extent: number): number => Math.floor((Math.floor((extent + 2 * padding - 4) / 2) - 4) / 2);
  const [rows, columns] = [sideOf(height), sideOf(width)];
  if (rows < 1 || columns < 1)
    throw new ArgumentError({
      operation,
      expected: `images of at least ${16 - 2 * padding} pixels a side`,
      actual: `${height} × ${width}`,
    });

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
