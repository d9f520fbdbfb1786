import { ShapeError, shapeText, type Tensor } from '@funhash/tensor';
import { Module } from '../module.ts';
import type { Widths } from '../widths.ts';

/** A layer that makes one number of each channel: x [B, ...spatial, C] → [B, C]. */
export abstract class GlobalPool extends Module {
  override get widths(): Widths {
    return { isKept: true };
  }

  compute(x: Tensor): Tensor {
    if (x.rank >= 3) return this.pooled(x);
    throw new ShapeError({
      operation: this.title,
      expected: 'an input of shape [B, ...spatial, C], channels last',
      actual: shapeText(x.shape),
    });
  }

  protected abstract pooled(x: Tensor): Tensor;
}
