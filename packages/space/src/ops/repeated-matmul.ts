import { concat, stopGradient, sumTo } from '@funhash/autodiff';
import { isRecording, record, recorded } from '@funhash/autodiff/op-parts';
import type { Tensor } from '@funhash/tensor';
import { productOf, virtualFold, virtualMatmul } from './virtual-matmul.ts';
import { transposedMatrix, type VirtualMatrix } from './virtual-matrix.ts';

/**
 * `virtualMatmul` by one matrix for many x, one after the other, as a recurrent layer uses it: the gradients of the stored
 * values and of the bias are formed once, of all uses together, in one product of their rows.
 */
export function repeatedMatmul(v: VirtualMatrix, bias?: Tensor): (x: Tensor) => Tensor {
  const shared = bias ? [bias, ...v.stored] : v.stored;
  const [first] = shared;
  if (!first || !isRecording(shared)) return (x) => virtualMatmul(x, v, bias);
  // Stands on the tape before all uses, so that its turn in the backward pass comes after theirs.
  const token = stopGradient(first);
  const uses: { readonly g: Tensor; readonly x: Tensor }[] = [];
  record(shared, [token], (_, needed) => {
    const inOrder = uses.splice(0).reverse();
    const [dY, x] = [
      concat(
        inOrder.map(({ g }) => g),
        0,
      ),
      concat(
        inOrder.map((use) => use.x),
        0,
      ),
    ];
    const values = bias ? 1 : 0;
    const wantsStored = v.stored.some((_, k) => needed(values + k));
    return [
      ...(bias ? [needed(0) ? sumTo(dY, bias.shape) : undefined] : []),
      ...(wantsStored ? virtualFold(dY, x, v) : v.stored.map(() => undefined)),
    ];
  });
  return (x) =>
    recorded([x, token], productOf(x, v, bias), (g, needed) => {
      const dX = needed(0) ? virtualMatmul(g, transposedMatrix(v)) : undefined;
      if (!needed(1)) return [dX];
      // What the token is given only says that there were uses: once is enough.
      return [dX, uses.push({ g, x }) === 1 ? token : undefined];
    });
}
