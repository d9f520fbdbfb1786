import { pad } from '@funhash/autodiff';
import { ArgumentError } from '@funhash/hashing';
import { ShapeError, shapeText, type Tensor } from '@funhash/tensor';
import type { LayerReader } from '../model-file/layer-reader.ts';
import { type LayerSpec, Module } from '../module.ts';

export interface PadOptions {
  /** Zeros around each axis but the batch: a number for both sides, or [before, after]. */
  readonly padding: readonly (number | readonly [before: number, after: number])[];
}

/** Zeros around the axes of each example: x [B, ...] of as many more axes as `padding` has. */
export class Pad extends Module {
  static readonly type = 'pad';
  readonly padding: PadOptions['padding'];

  constructor({ padding }: PadOptions) {
    super();
    const isWhole = (amount: unknown): boolean => Number.isInteger(amount) && (amount as number) >= 0;
    const isKnown = (each: PadOptions['padding'][number]): boolean =>
      isWhole(each) || (Array.isArray(each) && each.length === 2 && each.every(isWhole));
    if (!Array.isArray(padding) || !padding.every(isKnown))
      throw new ArgumentError({
        operation: 'Pad',
        expected: 'padding: whole numbers ≥ 0, or pairs of them, one for each axis but the batch',
        actual: JSON.stringify(padding),
      });
    this.padding = padding;
  }

  compute(x: Tensor): Tensor {
    if (x.rank !== this.padding.length + 1)
      throw new ShapeError({
        operation: 'Pad',
        expected: `an input of ${this.padding.length + 1} axes`,
        actual: shapeText(x.shape),
      });
    const pairs = this.padding.map((each) => (typeof each === 'number' ? ([each, each] as const) : each));
    return pad(x, [[0, 0], ...pairs]);
  }

  get spec(): LayerSpec {
    return { type: Pad.type, padding: this.padding };
  }

  static fromSpec(reader: LayerReader): Pad {
    return new Pad({ padding: reader.padding('padding') as PadOptions['padding'] });
  }
}
