import { ArgumentError } from '@funhash/hashing';
import { ShapeError, shapeText, type Tensor } from '@funhash/tensor';
import type { LayerReader } from '../model-file/layer-reader.ts';
import type { LayerSpec } from '../module.ts';
import { bytePlanes } from './byte-planes.ts';
import { type PackedOptions, PackedProduct, readPacked } from './packed-product.ts';

/**
 * A dense layer of ±1 weights, a bit each: sums of packed signs [B, words] or of levels of bytes, f32 [B, in] → f32
 * [B, out], or packed signs of them by thresholds, i32 [B, ⌈out / 32⌉]. `toBinary` makes it.
 */
export class PackedDense extends PackedProduct {
  static override readonly type: string = 'packedDense';

  constructor(options: PackedOptions) {
    super({}, options);
  }

  compute(x: Tensor): Tensor {
    const { input, matrix } = this;
    const width = input === 'bytes' ? matrix.depth : matrix.words.value.shape[1];
    if (x.rank !== 2 || x.shape[1] !== width)
      throw new ShapeError({
        operation: 'PackedDense',
        expected: `an input of shape [B, ${width}]`,
        actual: shapeText(x.shape),
      });
    return this.product(input === 'bytes' ? bytePlanes(x) : x, 1);
  }

  override get spec(): LayerSpec {
    const { rows, depth, channels } = this.matrix;
    return { type: PackedDense.type, in: depth, out: rows, channels, ...this.packedSpec };
  }

  static override fromSpec(reader: LayerReader): PackedDense {
    const [inputs, rows, channels] = [reader.count('in'), reader.count('out'), reader.count('channels')];
    if (inputs % channels !== 0)
      throw new ArgumentError({
        operation: 'PackedDense',
        expected: 'channels that divide the inputs',
        actual: `${channels} of ${inputs}`,
      });
    return new PackedDense(readPacked(reader, { rows, runs: inputs / channels, channels }));
  }
}
