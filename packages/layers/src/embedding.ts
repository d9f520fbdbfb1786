import { cast, reshape } from '@funhash/autodiff';
import type { WeightRequest } from '@funhash/space';
import { ShapeError, type Tensor } from '@funhash/tensor';
import type { LayerReader } from './model-file/layer-reader.ts';
import type { LayerSpec } from './module.ts';
import { requireCounts, Weighted, type WeightedOptions } from './weighted.ts';

export interface EmbeddingOptions extends Pick<WeightedOptions, 'seed' | 'std'> {
  /** Words in the vocabulary: the rows of the matrix. */
  readonly in: number;
  /** Width of a word's vector. */
  readonly out: number;
  /** How the matrix is stored. Default: every entry. */
  readonly weight?: WeightRequest;
}

/**
 * Words by their numbers, [B] or [B, T], as rows of a matrix V [in, out] → [..., out]. Only the rows asked for are
 * decoded, and only to them is a gradient folded: V is never built. Numbers are i32, or whole numbers of another type.
 * Entries start normal with standard deviation 1, as in PyTorch.
 *
 *     new Embedding({ in: 50_000, out: 64, weight: tensorTrain({ ranks: 16 }) })
 *
 * Numbers beyond the vocabulary are an error.
 */
export class Embedding extends Weighted<EmbeddingOptions & { readonly bias: false }> {
  static readonly type = 'embedding';

  constructor(options: EmbeddingOptions) {
    const { in: rows, out: cols, std = 1 } = options;
    requireCounts('Embedding', { in: rows, out: cols });
    super({ ...options, std, bias: false }, { operation: 'Embedding', rows, cols, out: cols, fanIn: cols });
  }

  compute(x: Tensor): Tensor {
    if (x.rank === 0)
      throw new ShapeError({
        operation: 'Embedding',
        expected: 'numbers of words of shape [B, ...]',
        actual: 'one number without a batch',
      });
    const rows = this.weight.rowsAt(reshape(cast(x, 'i32'), [x.size]));
    return reshape(rows, [...x.shape, this.options.out]);
  }

  get spec(): LayerSpec {
    const { in: words, out } = this.options;
    return { type: Embedding.type, in: words, out, ...this.weightedSpec };
  }

  static fromSpec(reader: LayerReader): Embedding {
    return new Embedding({ in: reader.count('in'), out: reader.count('out') }).restore(reader);
  }
}
