import { perAxis } from '@funhash/autodiff/op-parts';
import type { OptionsOf } from '@funhash/hashing';
import { virtualConvTranspose } from '@funhash/space';
import { sizeOf, type Tensor } from '@funhash/tensor';
import { layerOption } from '../layer-options.ts';
import type { Module } from '../module.ts';
import type { Pass } from '../pass.ts';
import type { LayerSample } from '../sample.ts';
import { Weighted } from '../weighted.ts';
import type { Widths } from '../widths.ts';
import {
  convolutionOptions,
  kernelExtents,
  requireGroups,
  requireImages,
  windowOptions,
} from './convolution.ts';

const options = {
  ...convolutionOptions,
  /** Elements added behind each spatial axis of the result; less than the stride or the dilation. Default 0. */
  outputPadding: layerOption.perAxis(0),
} as const;

export type ConvTranspose2dOptions = OptionsOf<typeof options>;

const operation = 'ConvTranspose2d';

/**
 * The transpose of a convolution, which enlarges by its stride: x [B, H, W, in] → [B, H′, W′, out] with
 * H′ = (H − 1) · stride − padding + dilation · (kernelHeight − 1) + 1 + outputPadding, or H · stride under `same`.
 * The kernel is V [in, kernelHeight · kernelWidth · out / groups], columns in the order (row, column, channel).
 */
export class ConvTranspose2d extends Weighted<ConvTranspose2dOptions> {
  static override readonly type: string = 'convTranspose2d';
  static override readonly options = options;
  static override readonly sample: LayerSample<Module> = {
    input: [2, 3, 2, 2],
    layers: () => [new ConvTranspose2d({ in: 2, out: 3, kernelSize: 3, stride: 2, outputPadding: [1, 0] })],
  };

  constructor(options: ConvTranspose2dOptions) {
    super(options, (checked) => {
      requireGroups(operation, checked);
      const { in: inputs, out, groups = 1, stride = 1, outputPadding = 0 } = checked;
      perAxis(operation, 'outputPadding', outputPadding, 2, 0);
      const places = sizeOf(kernelExtents(operation, 2, checked));
      return {
        rows: inputs,
        cols: (places * out) / groups,
        out,
        // Of the places of a kernel, one in stride² meets an output.
        fanIn: Math.max(1, (places * inputs) / groups / sizeOf(perAxis(operation, 'stride', stride, 2, 1))),
      };
    });
  }

  override get widths(): Widths {
    return { in: this.options.in, out: this.options.out };
  }

  compute(x: Tensor, pass: Pass): Tensor {
    const { in: inputs, groups, outputPadding } = this.options;
    requireImages(operation, x, 2, inputs);
    const options = { ...windowOptions(this.options), groups, outputPadding, bias: this.biasValues() };
    const { kernel } = this.weightFor(pass);
    return this.activated(virtualConvTranspose(this.quantized(x, pass), kernel, options), pass);
  }
}
