import { sumTo } from '@funhash/autodiff';
import { record, recorded } from '@funhash/autodiff/op-parts';
import {
  matmulCall,
  requireTensor,
  runCall,
  runVirtualFold,
  type Tensor,
  virtualMatmulCall,
} from '@funhash/tensor';
import { isPlainMatrix } from './plain-matrix.ts';
import {
  operandOf,
  requireMatrix,
  tangentMatrix,
  transposedMatrix,
  type VirtualMatrix,
} from './virtual-matrix.ts';

/**
 * x [B, cols] · Vᵀ (+ bias [rows]) → [B, rows], with V decoded inside the product. The gradient dV is formed tile by
 * tile and folded into the stored values at once; neither V nor dV is ever stored.
 */
export function virtualMatmul(x: Tensor, v: VirtualMatrix, bias?: Tensor): Tensor {
  requireTensor('virtualMatmul', x);
  requireMatrix('virtualMatmul', v);
  const { stored } = v;
  const y = productOf(x, v, bias);
  const inputs = bias ? [x, bias, ...stored] : [x, ...stored];
  const first = bias ? 2 : 1;
  return recorded(inputs, y, (g, needed) => {
    const wantsStored = stored.some((_, k) => needed(first + k));
    return [
      needed(0) ? virtualMatmul(g, transposedMatrix(v)) : undefined,
      ...(bias ? [needed(1) ? sumTo(g, bias.shape) : undefined] : []),
      ...(wantsStored ? virtualFold(g, x, v) : stored.map(() => undefined)),
    ];
  });
}

/** The product itself, not recorded. */
export function productOf(x: Tensor, v: VirtualMatrix, bias: Tensor | undefined): Tensor {
  const { decoded } = v;
  return decoded
    ? runCall(matmulCall(x, decoded, { transposeB: true, bias }))
    : runCall(virtualMatmulCall(x, operandOf(v), { bias }));
}

/** The gradients of the stored values of V, one for each array, under dV = dYᵀ·x; dY [B, rows], x [B, cols]. */
export function virtualFold(dY: Tensor, x: Tensor, v: VirtualMatrix): Tensor[] {
  requireMatrix('virtualFold', v);
  // Of a matrix that is stored whole dV is all there is to fold.
  const outputs = isPlainMatrix(v)
    ? [runCall(matmulCall(dY, x, { transposeA: true }))]
    : runVirtualFold(dY, x, operandOf(v), v.formula.adjoint).slice(0, v.stored.length);
  record([dY, x, ...v.stored], outputs, (directions, needed) => {
    const tangent = tangentMatrix(v, directions);
    const wantsStored = !v.formula.isLinear && v.stored.some((_, k) => needed(2 + k));
    return [
      needed(0) ? virtualMatmul(x, tangent) : undefined,
      needed(1) ? virtualMatmul(dY, transposedMatrix(tangent)) : undefined,
      ...(wantsStored
        ? virtualFold(dY, x, tangent).slice(0, v.stored.length)
        : v.stored.map(() => undefined)),
    ];
  });
  return outputs;
}
