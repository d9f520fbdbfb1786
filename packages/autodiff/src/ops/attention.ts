import { checkOptions, type OptionsOf, option } from '@funhash/hashing';
import { requireTensor, ShapeError, type Tensor } from '@funhash/tensor';
import { matmul } from './matmul.ts';
import { tensorOption } from './option-rules.ts';
import { add, lessEqual, multiply, where } from './pointwise.ts';
import { softmax } from './softmax.ts';
import { diagonals } from './triangles.ts';

const rules = {
  /** Keys that a query sees: 0 where it does not, else another number; broadcasts to [..., M, N]. Default: all. */
  mask: tensorOption(),
  /** What is added to the scores, such as a bias of positions; broadcasts to [..., M, N]. Default: nothing. */
  bias: tensorOption(),
  /** Whether query m sees keys 0 to m alone. Default false. */
  causal: option.flag(),
  /** What the scores are multiplied by. Default 1/√D. */
  scale: option.real(),
};

/** Options of `scaledDotProductAttention`. */
export type AttentionOptions = OptionsOf<typeof rules>;

/**
 * Attention softmax(scale·q·kᵀ + bias)·v: queries q [..., M, D], keys k [..., N, D], values v [..., N, E] → [..., M, E];
 * leading axes, such as batch and heads, broadcast. A query that sees no key gives 0.
 *
 * Source: Vaswani et al. 2017, arXiv:1706.03762, eq. 1.
 *
 * @throws ShapeError for shapes that do not fit; OptionError for an unknown option
 */
export function scaledDotProductAttention(
  q: Tensor,
  k: Tensor,
  v: Tensor,
  options: AttentionOptions = {},
): Tensor {
  const operation = 'scaledDotProductAttention';
  for (const [name, x] of Object.entries({ q, k, v })) requireTensor(operation, x, name);
  checkOptions(operation, rules, options, {
    attnMask: 'did you mean mask, or bias for what is added?',
    isCausal: 'did you mean causal?',
  });
  requireFitting(operation, q, k, v);
  const [rows, cols] = [q.shape.at(-2) as number, k.shape.at(-2) as number];
  const { mask, bias, causal = false, scale = 1 / Math.sqrt(q.shape.at(-1) as number) } = options;
  const products = matmul(multiply(q, scale), k, { transposeB: true });
  const scores = bias ? add(products, bias) : products;
  const past = causal ? lessEqual(diagonals(rows, cols, q.dtype), 0) : undefined;
  // Not −∞: where a query sees nothing, its gradient would be NaN.
  const seen = past && mask ? where(mask, past, 0) : (past ?? mask);
  if (!seen) return matmul(softmax(scores), v);
  // Past the least score of a seen key by more than exp reaches; what a row without any gives is put to 0.
  return matmul(where(seen, softmax(where(seen, scores, unseen)), 0), v);
}

const unseen = -1e30;

function requireFitting(operation: string, q: Tensor, k: Tensor, v: Tensor): void {
  const fits =
    Math.min(q.rank, k.rank, v.rank) >= 2 &&
    q.shape.at(-1) === k.shape.at(-1) &&
    k.shape.at(-2) === v.shape.at(-2) &&
    (q.shape.at(-1) as number) > 0 &&
    (k.shape.at(-2) as number) > 0;
  if (fits) return;
  throw new ShapeError({
    operation,
    expected: 'queries [..., M, D], keys [..., N, D] and values [..., N, E], with D and N at least 1',
    actual: `${q}, ${k} and ${v}`,
  });
}
