import { checkOptions, type OptionRule, type OptionsOf, option } from '@funhash/hashing';
import { matmulCall, requireTensor, runCall, sizeOf, type Tensor } from '@funhash/tensor';
import { recorded } from '../tape.ts';
import { tensorOption } from './option-rules.ts';
import { reshape, sumTo } from './views.ts';

const rules = {
  /** Whether a is used with its last two axes exchanged. Default false. */
  transposeA: option.flag(),
  /** Whether b is used with its last two axes exchanged. Default false. */
  transposeB: option.flag(),
  /** What is added to every row of the product, [N]. Default: nothing. */
  bias: tensorOption() as OptionRule<Tensor | undefined, false>,
};

/** Options of `matmul`. */
export type MatmulOptions = OptionsOf<typeof rules>;

/**
 * Products of matrices: a [..., M, K] · b [..., K, N] (+ bias [N]) → [..., M, N]; leading axes broadcast. Transposed
 * operands are not copied.
 *
 * @throws ShapeError for shapes that do not fit; OptionError for an unknown option
 */
export function matmul(a: Tensor, b: Tensor, options?: MatmulOptions): Tensor {
  requireTensor('matmul', a, 'a');
  requireTensor('matmul', b, 'b');
  if (options !== undefined) checkOptions('matmul', rules, options);
  return batchProduct(a, b, options ?? {});
}

/** Multiplies as `matmul` does, by options that are known to be right: a layer does so at every step. */
export function batchProduct(a: Tensor, b: Tensor, options: MatmulOptions): Tensor {
  // Under one matrix b, a batch of matrices is one tall matrix: one product, and no dB for every member of the batch.
  if (a.rank > 2 && b.rank === 2 && !options.transposeA) {
    const rows = reshape(a, [sizeOf(a.shape.slice(0, -1)), a.shape.at(-1) as number]);
    const tall = product(rows, b, options);
    return reshape(tall, [...a.shape.slice(0, -1), tall.shape[1] as number]);
  }
  return product(a, b, options);
}

function product(
  a: Tensor,
  b: Tensor,
  { transposeA = false, transposeB = false, bias }: MatmulOptions,
): Tensor {
  const inputs = bias ? [a, b, bias] : [a, b];
  const output = runCall(matmulCall(a, b, { transposeA, transposeB, bias }));
  // Each gradient is formed in the layout of its operand: an optimiser reads it in order.
  return recorded(inputs, output, (g, needed) => [
    needed(0)
      ? sumTo(
          transposeA
            ? product(b, g, { transposeA: transposeB, transposeB: true })
            : product(g, b, { transposeB: !transposeB }),
          a.shape,
        )
      : undefined,
    needed(1)
      ? sumTo(
          transposeB
            ? product(g, a, { transposeA: true, transposeB: transposeA })
            : product(a, g, { transposeA: !transposeA }),
          b.shape,
        )
      : undefined,
    bias && needed(2) ? sumTo(g, bias.shape) : undefined,
  ]);
}
