import { cast, reshape } from '@funhash/autodiff';
import type { OptionsOf } from '@funhash/hashing';
import { ShapeError, type Tensor } from '@funhash/tensor';
import { layerOption, startOptions } from './layer-options.ts';
import type { Module } from './module.ts';
import type { Pass } from './pass.ts';
import type { LayerSample } from './sample.ts';
import { Weighted } from './weighted.ts';
import type { Widths } from './widths.ts';

const options = {
  /** Words in the vocabulary: the rows of the matrix. */
  in: layerOption.required(layerOption.count()),
  /** Width of a word's vector. */
  out: layerOption.required(layerOption.count()),
  /** How the matrix is stored. Default: every entry. */
  weight: layerOption.weight(),
  /** Standard deviation of the entries at the start. Default 1, as in PyTorch. */
  std: layerOption.start(layerOption.positive()),
  /** None: an embedding has no bias. */
  bias: layerOption.that<false>('false', (value) => value === false),
  ...startOptions,
} as const;

export type EmbeddingOptions = OptionsOf<typeof options>;

/**
 * Words by their numbers, [B] or [B, T], as rows of a matrix V [in, out] → [..., out]. Only the rows asked for are
 * decoded, and only to them is a gradient folded: V is never built. Numbers are i32, or whole numbers of another type.
 *
 *     new Embedding({ in: 50_000, out: 64, weight: tensorTrain({ ranks: 16 }) })
 *
 * Numbers beyond the vocabulary are an error.
 */
export class Embedding extends Weighted<EmbeddingOptions> {
  static override readonly type: string = 'embedding';
  static override readonly options = options;
  static override readonly sample: LayerSample<Module> = {
    input: [2, 3],
    layers: () => [new Embedding({ in: 7, out: 3 })],
    below: 7,
  };

  constructor(options: EmbeddingOptions) {
    super({ std: 1, bias: false, ...options }, ({ in: rows, out: cols }) => ({
      rows,
      cols,
      out: cols,
      fanIn: cols,
    }));
  }

  override get widths(): Widths {
    return { out: this.options.out };
  }

  compute(x: Tensor, pass: Pass): Tensor {
    if (x.rank === 0)
      throw new ShapeError({
        operation: 'Embedding',
        expected: 'numbers of words of shape [B, ...]',
        actual: 'one number without a batch',
      });
    const rows = this.weightFor(pass).rowsAt(reshape(cast(x, 'i32'), [x.size]));
    return reshape(rows, [...x.shape, this.options.out]);
  }
}
