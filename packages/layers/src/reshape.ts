import { reshape } from '@funhash/autodiff';
import type { OptionsOf } from '@funhash/hashing';
import { ShapeError, shapeText, sizeOf, type Tensor } from '@funhash/tensor';
import { layerOption } from './layer-options.ts';
import { Module } from './module.ts';
import type { LayerSample } from './sample.ts';
import type { Step } from './steps.ts';

const options = {
  /** Extents of one example, such as [28, 28, 1] for an image. */
  shape: layerOption.required(layerOption.shape()),
} as const;

export type ReshapeOptions = OptionsOf<typeof options>;

/** [B, ...] → [B, ...shape]: flat rows of pixels become images; what has that shape already stays. */
export class Reshape extends Module<ReshapeOptions> {
  static override readonly type: string = 'reshape';
  static override readonly options = options;
  static override readonly sample: LayerSample<Module> = {
    input: [2, 12],
    layers: () => [new Reshape({ shape: [2, 3, 2] })],
  };

  compute(x: Tensor): Tensor {
    const [batch, ...rest] = x.shape;
    const { shape } = this.options;
    if (batch === undefined || sizeOf(rest) !== sizeOf(shape))
      throw new ShapeError({
        operation: 'Reshape',
        expected: `an input of ${sizeOf(shape)} elements an example, for ${shapeText(shape)}`,
        actual: shapeText(x.shape),
      });
    return reshape(x, [batch, ...shape]);
  }

  override inference(): readonly Step<Module>[] {
    return [{ type: 'reshape', toRows: false }];
  }
}
