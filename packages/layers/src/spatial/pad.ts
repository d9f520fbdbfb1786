import { pad } from '@funhash/autodiff';
import type { OptionsOf } from '@funhash/hashing';
import { ShapeError, shapeText, type Tensor } from '@funhash/tensor';
import { layerOption } from '../layer-options.ts';
import { Module } from '../module.ts';
import type { LayerSample } from '../sample.ts';

type AxisPadding = number | readonly [before: number, after: number];

const isWhole = (amount: unknown): boolean =>
  Number.isInteger(amount) && (amount as number) >= 0 && (amount as number) < 2 ** 31;

const isKnown = (each: unknown): boolean =>
  isWhole(each) || (Array.isArray(each) && each.length === 2 && each.every(isWhole));

const options = {
  /** Zeros around each axis but the batch: a number for both sides, or [before, after]. */
  padding: layerOption.required(
    layerOption.that<readonly AxisPadding[]>(
      'whole numbers ≥ 0, or pairs of them, one for each axis but the batch',
      (value) => Array.isArray(value) && value.length <= 16 && value.every(isKnown),
    ),
  ),
} as const;

export type PadOptions = OptionsOf<typeof options>;

/** Zeros around the axes of each example: x [B, ...] of as many more axes as `padding` has. */
export class Pad extends Module<PadOptions> {
  static override readonly type: string = 'pad';
  static override readonly options = options;
  static override readonly sample: LayerSample<Module> = {
    input: [2, 3, 2],
    layers: () => [new Pad({ padding: [1, [0, 2]] })],
  };

  compute(x: Tensor): Tensor {
    const { padding } = this.options;
    if (x.rank !== padding.length + 1)
      throw new ShapeError({
        operation: 'Pad',
        expected: `an input of ${padding.length + 1} axes`,
        actual: shapeText(x.shape),
      });
    const pairs = padding.map((each) => (typeof each === 'number' ? ([each, each] as const) : each));
    return pad(x, [[0, 0], ...pairs]);
  }
}
