import { type DType, full, runCast, runGather, runScatterAdd, type Tensor, tensor } from '@funhash/tensor';
import { recorded } from '../tape.ts';

/** x [R, ...] at index [N] (i32) → [N, ...]. */
export function gather(x: Tensor, index: Tensor): Tensor {
  return recorded([x], runGather(x, index), (g) => [scatterAdd(g, index, x.shape[0] as number)]);
}

/** Zeros [rows, ...] to which row index[n] has x[n] added, for each n; index i32 [N]. */
export function scatterAdd(x: Tensor, index: Tensor, rows: number): Tensor {
  return recorded([x], runScatterAdd(x, index, rows), (g) => [gather(g, index)]);
}

/** Another dtype; the gradient is converted back. */
export function cast(x: Tensor, dtype: DType): Tensor {
  const output = runCast(x, dtype);
  return output === x ? x : recorded([x], output, (g) => [cast(g, x.dtype)]);
}

/** Rows of the unit matrix: labels [N] (i32) → [N, classes]. */
export function oneHot(labels: Tensor, classes: number, dtype: 'f32' | 'f64' = 'f32'): Tensor {
  const unit = new Float64Array(classes * classes);
  for (let k = 0; k < classes; k++) unit[k * classes + k] = 1;
  return runGather(
    classes === 0 ? full([0, 0], 0, { dtype }) : tensor(unit, [classes, classes], { dtype }),
    labels,
  );
}
