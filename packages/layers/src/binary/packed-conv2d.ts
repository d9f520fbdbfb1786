import { planWindows, type WindowPlan, windowsOf } from '@funhash/autodiff/op-parts';
import { checkOptions } from '@funhash/hashing';
import { keep, runPlace, signWords, type Tensor, tensor } from '@funhash/tensor';
import type { LayerReader } from '../model-file/layer-reader.ts';
import type { LayerSpec } from '../module.ts';
import {
  kernelExtents,
  requireImages,
  type SpatialOptions,
  spatialOptions,
  windowOptions,
} from '../spatial/convolution.ts';
import { bytePlaneCount, bytePlanes } from './byte-planes.ts';
import { mostOf } from './packed-input.ts';
import { type PackedOptions, PackedProduct, readPacked } from './packed-product.ts';

/**
 * A convolution of ±1 weights, a bit each: packed signs [B, H, W, words] or levels of bytes, f32 [B, H, W, in] → f32
 * [B, H′, W′, out], or packed signs of them by thresholds. Padding counts as 0, as in training: what its bits, all 0,
 * add to sums is taken away again. `toBinary` makes it.
 */
export class PackedConv2d extends PackedProduct<SpatialOptions> {
  static override readonly type: string = 'packedConv2d';
  static override readonly options = spatialOptions;
  /** What padding adds to sums, of images as large as the last ones. */
  #correction: { readonly key: string; readonly values: Tensor } | undefined;

  constructor(spatial: SpatialOptions, options: PackedOptions) {
    super(spatial, options);
  }

  compute(x: Tensor): Tensor {
    const { input, matrix } = this;
    const ofBytes = input === 'bytes';
    requireImages('PackedConv2d', x, 2, ofBytes ? matrix.channels : signWords(matrix.channels));
    const image = ofBytes ? joined(bytePlanes(x)) : x;
    const plan = planWindows('PackedConv2d', image.shape, windowOptions(this.options));
    const isPadded = plan.padding.some(([before, after]) => before + after > 0);
    const [batch, , , width] = image.shape as [number, number, number, number];
    const starts = [0, ...plan.padding.map(([before]) => before), 0];
    const whole = isPadded ? runPlace([image], [batch, ...plan.padded, width], [starts], 0) : image;
    return this.product(
      planesFirst(windowsOf(whole, plan), ofBytes ? bytePlaneCount : 1),
      3,
      isPadded ? this.#correctionFor(plan, image.shape.slice(1, 3)) : undefined,
    );
  }

  /** f32 [1, H′, W′, out]: the sums of the weights that meet padding, times what bits of 0 stand for. */
  #correctionFor(plan: WindowPlan, extents: readonly number[]): Tensor {
    const key = extents.join();
    if (this.#correction?.key === key) return this.#correction.values;
    this.#correction?.values.dispose();
    const { rows, runs } = this.matrix;
    const sums = this.matrix.runSums();
    const weight = mostOf(this.input, 1);
    const [height, width] = plan.out as [number, number];
    const kernelWidth = plan.kernel[1] as number;
    const isOutside = (axis: number, place: number, at: number): boolean => {
      const [stride, dilation] = [plan.stride[axis] as number, plan.dilation[axis] as number];
      const before = (plan.padding[axis] as readonly [number, number])[0];
      const position = place * stride + at * dilation - before;
      return position < 0 || position >= (extents[axis] as number);
    };
    const values = new Float32Array(height * width * rows);
    for (let place = 0; place < height * width; place++)
      for (let run = 0; run < runs; run++) {
        const [y, x] = [Math.floor(place / width), place % width];
        const [ky, kx] = [Math.floor(run / kernelWidth), run % kernelWidth];
        if (!isOutside(0, y, ky) && !isOutside(1, x, kx)) continue;
        for (let n = 0; n < rows; n++) {
          const at = place * rows + n;
          values[at] = (values[at] as number) + weight * (sums[n * runs + run] as number);
        }
      }
    this.#correction = { key, values: keep(tensor(values, [1, height, width, rows])) };
    return this.#correction.values;
  }

  override get spec(): LayerSpec {
    const { rows, channels } = this.matrix;
    return { ...super.spec, in: channels, out: rows, ...this.packedSpec };
  }

  static override fromSpec(reader: LayerReader): PackedConv2d {
    const options = reader.options(spatialOptions) as SpatialOptions;
    checkOptions('PackedConv2d', spatialOptions, options);
    const extents = kernelExtents('PackedConv2d', 2, options);
    const runs = extents.reduce((product, extent) => product * extent, 1);
    const shape = { rows: reader.count('out'), runs, channels: reader.count('in') };
    return new PackedConv2d(options, readPacked(reader, shape));
  }
}

/** [B, H, W, P, words] → [B, H, W, P · words]. */
function joined(planes: Tensor): Tensor {
  const [batch, height, width, count, words] = planes.shape as [number, number, number, number, number];
  const inner = count * words;
  const shape = [batch, height, width, inner];
  return planes.view(shape, [height * width * inner, width * inner, inner, 1], planes.offset);
}

/** [B, H′, W′, kH, kW, P · words] → [B, H′, W′, P, kH, kW, words], on the same memory. */
function planesFirst(windows: Tensor, planes: number): Tensor {
  if (planes === 1) return windows;
  const { shape, strides, offset } = windows;
  const words = (shape.at(-1) as number) / planes;
  return windows.view(
    [...shape.slice(0, 3), planes, ...shape.slice(3, 5), words],
    [...strides.slice(0, 3), words, ...strides.slice(3, 5), 1],
    offset,
  );
}
