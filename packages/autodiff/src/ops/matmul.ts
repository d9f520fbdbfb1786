import { runMatmul, type Tensor } from '@funhash/tensor';
import { recorded } from '../tape.ts';
import { sumTo, transpose } from './views.ts';

export interface MatmulOptions {
  /** Use a with its last two axes exchanged. Default false. */
  readonly transposeA?: boolean;
  /** Use b with its last two axes exchanged. Default false. */
  readonly transposeB?: boolean;
  /** Added to every row of the product, [N]. */
  readonly bias?: Tensor | undefined;
}

/** a [..., M, K] · b [..., K, N] (+ bias) → [..., M, N]; leading axes broadcast. Transposed operands are not copied. */
export function matmul(a: Tensor, b: Tensor, { transposeA, transposeB, bias }: MatmulOptions = {}): Tensor {
  return product(transposeA ? swapped(a) : a, transposeB ? swapped(b) : b, bias);
}

function product(a: Tensor, b: Tensor, bias?: Tensor): Tensor {
  const inputs = bias ? [a, b, bias] : [a, b];
  return recorded(inputs, runMatmul(a, b, { bias }), (g, needed) => [
    needed(0) ? sumTo(product(g, swapped(b)), a.shape) : undefined,
    needed(1) ? sumTo(product(swapped(a), g), b.shape) : undefined,
    bias && needed(2) ? sumTo(g, bias.shape) : undefined,
  ]);
}

function swapped(x: Tensor): Tensor {
  const axes = x.shape.map((_, axis) => axis);
  return x.rank < 2 ? x : transpose(x, [...axes.slice(0, -2), x.rank - 1, x.rank - 2]);
}
