import { record, recorded } from '@funhash/autodiff/op-parts';
import { requireTensor, runFoldRows, runVirtualRows, type Tensor } from '@funhash/tensor';
import { operandOf, requireMatrix, tangentMatrix, type VirtualMatrix } from './virtual-matrix.ts';

/** Rows of V: ids [N] (i32) → [N, cols]; without ids all of V, [rows, cols]. */
export function virtualRows(v: VirtualMatrix, ids?: Tensor): Tensor {
  requireMatrix('virtualRows', v);
  if (ids !== undefined) requireTensor('virtualRows', ids, 'ids');
  return recorded([...v.stored], runVirtualRows(operandOf(v), ids ?? null), (g) => foldRows(g, v, ids));
}

/** The gradients of the stored values of V under the cotangent dOut [N, cols] of its rows. */
function foldRows(dOut: Tensor, v: VirtualMatrix, ids?: Tensor): Tensor[] {
  const outputs = runFoldRows(dOut, ids ?? null, operandOf(v), v.formula.adjoint).slice(0, v.stored.length);
  record([dOut, ...v.stored], outputs, (directions, needed) => {
    const tangent = tangentMatrix(v, directions);
    const wantsStored = !v.formula.isLinear && v.stored.some((_, k) => needed(1 + k));
    return [
      needed(0) ? virtualRows(tangent, ids) : undefined,
      ...(wantsStored
        ? foldRows(dOut, tangent, ids).slice(0, v.stored.length)
        : v.stored.map(() => undefined)),
    ];
  });
  return outputs;
}
