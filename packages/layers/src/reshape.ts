import { reshape } from '@funhash/autodiff';
import { ShapeError, shapeText, sizeOf, type Tensor } from '@funhash/tensor';
import type { LayerReader } from './model-file/layer-reader.ts';
import { type LayerSpec, Module } from './module.ts';
import { requireCounts } from './weighted.ts';

export interface ReshapeOptions {
  /** Of one example, such as [28, 28, 1] for an image. */
  readonly shape: readonly number[];
}

/** [B, ...] → [B, ...shape]: flat rows of pixels become images; what has that shape already stays. */
export class Reshape extends Module {
  static readonly type = 'reshape';
  readonly shape: readonly number[];

  constructor({ shape }: ReshapeOptions) {
    super();
    requireCounts('Reshape', Object.fromEntries(shape.map((extent, axis) => [`shape[${axis}]`, extent])));
    this.shape = [...shape];
  }

  compute(x: Tensor): Tensor {
    const [batch, ...rest] = x.shape;
    if (batch === undefined || sizeOf(rest) !== sizeOf(this.shape))
      throw new ShapeError({
        operation: 'Reshape',
        expected: `an input of ${sizeOf(this.shape)} elements an example, for ${shapeText(this.shape)}`,
        actual: shapeText(x.shape),
      });
    return reshape(x, [batch, ...this.shape]);
  }

  get spec(): LayerSpec {
    return { type: Reshape.type, shape: this.shape };
  }

  static fromSpec(reader: LayerReader): Reshape {
    return new Reshape({ shape: reader.counts('shape') });
  }
}
