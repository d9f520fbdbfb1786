import {
  arange,
  type DType,
  type FloatDType,
  requireRoom,
  requireTensor,
  runCast,
  runGather,
  runScatterAdd,
  type Tensor,
} from '@funhash/tensor';
import { recorded } from '../tape.ts';
import { elementwise } from './pointwise.ts';
import { expandDims } from './views.ts';

/** x [R, ...] at index [N] (i32) → [N, ...]: `gather` without options. */
export function gatherRows(x: Tensor, index: Tensor): Tensor {
  return recorded([x], runGather(x, index), (g) => [scatterRows(g, index, x.shape[0] as number)]);
}

/** Zeros [rows, ...] to which row index[n] has x[n] added, for each n; index i32 [N]. */
export function scatterRows(x: Tensor, index: Tensor, rows: number): Tensor {
  return recorded([x], runScatterAdd(x, index, rows), (g) => [gatherRows(g, index)]);
}

/**
 * Another dtype; the gradient is converted back.
 *
 * @throws ArgumentError where i32 or u8 would change a value: `floor` first for the whole part. On a backend whose memory
 * scripts do not see, values are converted toward zero instead
 */
export function cast(x: Tensor, dtype: DType): Tensor {
  requireTensor('cast', x);
  const output = runCast(x, dtype);
  return output === x ? x : recorded([x], output, (g) => [cast(g, x.dtype)]);
}

/**
 * Rows of the unit matrix: labels [N] (i32) → [N, classes].
 *
 * @throws ArgumentError for a label that is no class
 */
export function oneHot(labels: Tensor, classes: number, dtype: FloatDType = 'f32'): Tensor {
  requireTensor('oneHot', labels, 'labels');
  if (Number.isSafeInteger(classes)) requireRoom('oneHot', dtype, labels.size * classes);
  const numbers = arange(classes, { dtype });
  // Reading the labels from the class numbers converts them and checks their range.
  return isClass(expandDims(gatherRows(numbers, labels), -1), numbers);
}

const isClass = elementwise('oneHot', (label, number) => label.minus(number).abs().ifPositive(0, 1));
