import type { PerAxis } from '@funhash/autodiff';
import { perAxis } from '@funhash/autodiff/op-parts';
import { ArgumentError } from '@funhash/hashing';
import { virtualConvTranspose } from '@funhash/space';
import { sizeOf, type Tensor } from '@funhash/tensor';
import type { Pass } from '../layer.ts';
import type { LayerReader } from '../model-file/layer-reader.ts';
import type { LayerSpec } from '../module.ts';
import { requireCounts, Weighted } from '../weighted.ts';
import {
  type ConvolutionOptions,
  kernelExtents,
  readConvolution,
  requireImages,
  spatialSpec,
  windowOptions,
} from './convolution.ts';

export interface ConvTranspose2dOptions extends ConvolutionOptions {
  /** Elements added behind each spatial axis of the result; less than the stride or the dilation. Default 0. */
  readonly outputPadding?: PerAxis;
}

const operation = 'ConvTranspose2d';

/**
 * The transpose of a convolution, which enlarges by its stride: x [B, H, W, in] → [B, H′, W′, out] with
 * H′ = (H − 1) · stride − padding + dilation · (kernelHeight − 1) + 1 + outputPadding, or H · stride under `same`.
 * The kernel is V [in, kernelHeight · kernelWidth · out / groups], columns in the order (row, column, channel).
 */
export class ConvTranspose2d extends Weighted<ConvTranspose2dOptions> {
  static readonly type = 'convTranspose2d';

  constructor(options: ConvTranspose2dOptions) {
    const { in: inputs, out, groups = 1, stride = 1, outputPadding = 0 } = options;
    requireCounts(operation, { in: inputs, out, groups });
    if (inputs % groups !== 0 || out % groups !== 0)
      throw new ArgumentError({
        operation,
        expected: 'a number of groups that divides the input and the output channels',
        actual: `${groups} groups, ${inputs} → ${out} channels`,
      });
    perAxis(operation, 'outputPadding', outputPadding, 2, 0);
    const places = sizeOf(kernelExtents(operation, 2, options));
    super(options, {
      operation,
      rows: inputs,
      cols: (places * out) / groups,
      out,
      // Of the places of a kernel, one in stride² meets an output.
      fanIn: Math.max(1, (places * inputs) / groups / sizeOf(perAxis(operation, 'stride', stride, 2, 1))),
    });
  }

  compute(x: Tensor, pass: Pass): Tensor {
    const { in: inputs, groups, outputPadding } = this.options;
    requireImages(operation, x, 2, inputs);
    const options = { ...windowOptions(this.options), groups, outputPadding, bias: this.biasValues() };
    return this.activated(virtualConvTranspose(this.quantized(x, pass), this.weight.kernel, options), pass);
  }

  get spec(): LayerSpec {
    const { in: inputs, out, groups, outputPadding } = this.options;
    return {
      type: ConvTranspose2d.type,
      in: inputs,
      out,
      ...spatialSpec(this.options),
      ...(groups !== undefined && { groups }),
      ...(outputPadding !== undefined && { outputPadding }),
      ...this.weightedSpec,
    };
  }

  static fromSpec(reader: LayerReader): ConvTranspose2d {
    const options = {
      ...readConvolution(reader),
      ...(reader.has('outputPadding') && { outputPadding: reader.padding('outputPadding') as PerAxis }),
    };
    return new ConvTranspose2d(options).restore(reader);
  }
}
