import { matmul, reshape, transpose } from '@funhash/autodiff';
import { isRecording, recorded } from '@funhash/autodiff/op-parts';
import { matmulCall, runCall, scope, type Tensor } from '@funhash/tensor';

/**
 * One step of a contraction: t [n, p, q, a] · w [n·a, N] → [p·q, N], summed over n and a. t may lie in any order in
 * memory: it is read where it is, not copied.
 */
export function contractStep(t: Tensor, w: Tensor): Tensor {
  const [n, p, q, a] = t.shape as [number, number, number, number];
  const [byN, byP, byQ, byA] = t.strides as [number, number, number, number];
  const cols = w.shape[1] as number;
  const source = t.view([p, q, n, a], [byP, byQ, byN, byA], t.offset);
  const product = runCall(matmulCall(source, w, { rowAxes: 2 }));
  const y = product.view([p * q, cols], [cols, 1], product.offset);
  product.dispose();
  source.dispose();
  return recorded([t, w], y, (g, needed) => {
    // What is only on the way to a cotangent is freed at once, unless another tape may need it.
    const only = (f: () => Tensor): Tensor => (isRecording([t, w, g]) ? f() : scope(f));
    const byT = (): Tensor => {
      const dT = transpose(reshape(matmul(g, w, { transposeB: true }), [p, q, n, a]), [2, 0, 1, 3]);
      return reshape(reshape(dT, [dT.size]), t.shape);
    };
    const byW = (): Tensor =>
      matmul(reshape(transpose(t, [1, 2, 0, 3]), [p * q, n * a]), g, { transposeA: true });
    return [needed(0) ? only(byT) : undefined, needed(1) ? only(byW) : undefined];
  });
}
