import {
  type ActivationName,
  BatchNorm,
  Conv2d,
  Dense,
  Flatten,
  type Module,
  Reshape,
  Sequential,
} from '@funhash/layers';
import { type ImageShape, type ModelWeights, type WeightRole, weightAt } from './weights.ts';

/** Makes the layers of a model, with its way of storing weights. */
export interface LayerMaker {
  /** A convolution, padded to keep the size of an image, divided by its stride. No bias: batch normalisation has one. */
  conv(
    from: number,
    to: number,
    options: { kernelSize: number; stride?: number; padding?: number; role?: WeightRole },
  ): Conv2d;
  norm(channels: number, activation?: ActivationName): BatchNorm;
  /** Normalisation and activation before a convolution. */
  normConv(from: number, to: number, options: { kernelSize: number; stride?: number }): Sequential;
  /** A dense layer on whole images of one shape, which it keeps; with a bias, ReLU behind it. */
  flat(shape: ImageShape, options: { readonly bias: boolean }): Module[];
  /** The classes. */
  head(from: number, classes: number): Dense;
}

/** Makes the layers of a model whose weights are stored as `weights` says. */
export function layerMaker(weights: ModelWeights | undefined): LayerMaker {
  const maker: LayerMaker = {
    conv: (from, to, { kernelSize, stride = 1, padding = (kernelSize - 1) / 2, role = 'conv' }) =>
      new Conv2d({
        in: from,
        out: to,
        kernelSize,
        stride,
        padding,
        bias: false,
        ...weightAt(weights, { role, rows: to, cols: kernelSize * kernelSize * from, kernelSize }),
      }),
    norm: (channels, activation) => new BatchNorm({ channels, ...(activation && { activation }) }),
    normConv: (from, to, options) =>
      new Sequential([maker.norm(from, 'relu'), maker.conv(from, to, options)]),
    flat: (shape, { bias }) => {
      const size = shape[0] * shape[1] * shape[2];
      const place = { role: 'fc', rows: size, cols: size, kernelSize: 1 } as const;
      return [
        new Flatten(),
        new Dense({
          in: size,
          out: size,
          bias,
          ...(bias && { activation: 'relu' }),
          ...weightAt(weights, place),
        }),
        new Reshape({ shape }),
      ];
    },
    head: (from, classes) =>
      new Dense({
        in: from,
        out: classes,
        ...weightAt(weights, { role: 'head', rows: classes, cols: from, kernelSize: 1 }),
      }),
  };
  return maker;
}
