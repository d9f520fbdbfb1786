import type { Program } from '@funhash/formula';
import type { Backend, View, VirtualView } from './backend.ts';
import { empty } from './create.ts';
import type { DType } from './dtype.ts';
import { ShapeError } from './errors.ts';
import { backendOf, floatTypeOf, operandOf, requireIndex, requireShape } from './operands.ts';
import { type KernelCall, runKernel } from './run-kernel.ts';
import { broadcastShapes, shapeText, sizeOf } from './shape.ts';
import type { Tensor } from './tensor.ts';

/**
 * Checked calls of the kernels that multiply, and of those that decode: see `dispatch.ts`. Products are given as calls,
 * for whoever wants one to run: so an op stands on the stack right above the kernel that it runs.
 */

export interface ProductOptions {
  /** [N] */
  readonly bias?: Tensor | undefined;
  /** A program of one input. */
  readonly activation?: Program | undefined;
  /** Leading axes of the left operand that are rows of it; the others are columns. Default all but the last. */
  readonly rowAxes?: number | undefined;
}

export interface MatmulCallOptions extends ProductOptions {
  /** Use a with its last two axes exchanged; not beside `rowAxes`. Default false. */
  readonly transposeA?: boolean;
  /** Use b with its last two axes exchanged. Default false. */
  readonly transposeB?: boolean;
}

/**
 * The product a [..., M, K] · b [..., K, N] with leading axes broadcast; under `rowAxes`,
 * a [...rows, ...columns] · b [K, N].
 */
export function matmulCall(
  a: Tensor,
  b: Tensor,
  options: MatmulCallOptions = {},
): KernelCall<'matmul', Tensor> {
  const { bias, activation, rowAxes } = options;
  if (rowAxes !== undefined && rowAxes !== a.rank - 1) return multiplyAxes(a, b, rowAxes, options);
  const operation = 'matmul';
  const operands = bias ? [a, b, bias] : [a, b];
  const backend = backendOf(operation, operands);
  const dtype = floatTypeOf(operation, operands);
  const [left, right] = [options.transposeA ? transposed(a) : a, options.transposeB ? transposed(b) : b];
  const [rank, rightRank] = [left.shape.length, right.shape.length];
  if (rank < 2 || rightRank < 2 || left.shape[rank - 1] !== right.shape[rightRank - 2])
    throw new ShapeError({
      operation,
      expected: 'shapes [..., M, K] and [..., K, N]',
      actual: `${shapeText(left.shape)} and ${shapeText(right.shape)}`,
    });
  const [rows, cols] = [left.shape[rank - 2] as number, right.shape[rightRank - 1] as number];
  if (bias) requireShape(operation, bias, [cols], 'a bias');
  const epilogue = epilogueOf(bias, activation);
  if (rank === 2 && rightRank === 2) {
    const out = empty([rows, cols], dtype, backend, operation);
    return { backend, name: 'matmul', args: [left, right, out, epilogue], out };
  }
  const lead = broadcastShapes(operation, left.shape.slice(0, -2), right.shape.slice(0, -2));
  const [many, others] = [left, right].map((x) => operandOf(x, [...lead, ...x.shape.slice(-2)]));
  const out = empty([...lead, rows, cols], dtype, backend, operation);
  return { backend, name: 'matmul', args: [many as View, others as View, out, epilogue], out };
}

function transposed({ buffer, dtype, shape, strides, offset }: Tensor): View {
  return { buffer, dtype, shape: swapped(shape), strides: swapped(strides), offset };
}

function swapped(list: readonly number[]): number[] {
  const last = list.length - 1;
  const result = list.slice();
  if (last > 0) {
    result[last] = list[last - 1] as number;
    result[last - 1] = list[last] as number;
  }
  return result;
}

/** a [...rows, ...columns] · b [K, N] → [...rows, N], the extents of the columns with product K. */
function multiplyAxes(
  a: Tensor,
  b: Tensor,
  rowAxes: number,
  { bias, activation, transposeB }: MatmulCallOptions,
): KernelCall<'matmul', Tensor> {
  const operation = 'matmul';
  const operands = bias ? [a, b, bias] : [a, b];
  const backend = backendOf(operation, operands);
  const dtype = floatTypeOf(operation, operands);
  if (b.rank !== 2)
    throw new ShapeError({ operation, expected: 'b of shape [K, N]', actual: shapeText(b.shape) });
  const right = transposeB ? transposed(b) : b;
  const [depth, cols] = right.shape as [number, number];
  requireColumns(operation, a, rowAxes, depth);
  if (bias) requireShape(operation, bias, [cols], 'a bias');
  const out = empty([...a.shape.slice(0, rowAxes), cols], dtype, backend, operation);
  return { backend, name: 'matmul', args: [a, right, out, epilogueOf(bias, activation)], out };
}

function requireColumns(operation: string, x: Tensor, rowAxes: number, count: number): void {
  if (rowAxes < 1 || rowAxes >= x.rank || sizeOf(x.shape.slice(rowAxes)) !== count)
    throw new ShapeError({
      operation,
      expected: `x of shape [B, ${count}], or of more axes: those behind the first ${rowAxes} with product ${count}`,
      actual: shapeText(x.shape),
    });
}

function epilogueOf(bias: Tensor | undefined, activation: Program | undefined) {
  return bias || activation ? { ...(bias && { bias }), ...(activation && { activation }) } : undefined;
}

const virtual = (v: VirtualView<Tensor>): VirtualView<Tensor> => ({
  ...v,
  stored: v.stored.map((stored) => stored.contiguous()),
});

/** The product x [...rows, ...columns] · Vᵀ → [...rows, V's rows]; [B, cols] → [B, rows] is the plain case. */
export function virtualMatmulCall(
  x: Tensor,
  v: VirtualView<Tensor>,
  { bias, activation, rowAxes = x.rank - 1 }: ProductOptions = {},
): KernelCall<'virtualMatmul', Tensor> {
  const operation = 'virtualMatmul';
  const operands = [x, ...v.stored, ...(bias ? [bias] : [])];
  const backend = backendOf(operation, operands);
  const dtype = floatTypeOf(operation, operands);
  requireColumns(operation, x, rowAxes, v.cols);
  if (bias) requireShape(operation, bias, [v.rows], 'a bias');
  const out = empty([...x.shape.slice(0, rowAxes), v.rows], dtype, backend, operation);
  return { backend, name: 'virtualMatmul', args: [x, virtual(v), out, epilogueOf(bias, activation)], out };
}

/**
 * The gradients of the stored values, by slot, under dV = dYᵀ·x; dY [B, rows], x [B, cols], or several axes for B and
 * for cols.
 */
export function runVirtualFold(dY: Tensor, x: Tensor, v: VirtualView<Tensor>, adjoint: Program): Tensor[] {
  const operation = 'virtualFold';
  const backend = backendOf(operation, [dY, x, ...v.stored]);
  floatTypeOf(operation, [dY, x, ...v.stored]);
  const rowAxes = dY.rank - 1;
  requireColumns(operation, x, rowAxes, v.cols);
  requireShape(operation, dY, [...x.shape.slice(0, rowAxes), v.rows], 'dY');
  const outs = zerosLike(v.stored);
  runKernel(backend, 'virtualFold', [dY, x, virtual(v), adjoint, outs]);
  return outs;
}

/**
 * Rows ids [N] of V → [N, cols]; all rows where ids is null.
 *
 * @param like says where and in what dtype, for a matrix without stored values
 */
export function runVirtualRows(
  v: VirtualView<Tensor>,
  ids: Tensor | null,
  like?: { readonly dtype: DType; readonly backend: Backend },
): Tensor {
  const backend = like?.backend ?? backendOf('virtualRows', ids ? [...v.stored, ids] : v.stored);
  const dtype = like?.dtype ?? floatTypeOf('virtualRows', v.stored);
  if (ids) requireIndex('virtualRows', ids);
  const out = empty([ids ? ids.size : v.rows, v.cols], dtype, backend, 'virtualRows');
  runKernel(backend, 'virtualRows', [virtual(v), ids?.contiguous() ?? null, out]);
  return out;
}

/** The gradients of the stored values, by slot, under the cotangent dOut [N, cols] of `runVirtualRows`. */
export function runFoldRows(
  dOut: Tensor,
  ids: Tensor | null,
  v: VirtualView<Tensor>,
  adjoint: Program,
): Tensor[] {
  const operands = [dOut, ...v.stored];
  const backend = backendOf('foldRows', ids ? [...operands, ids] : operands);
  floatTypeOf('foldRows', operands);
  if (ids) requireIndex('foldRows', ids);
  requireShape('foldRows', dOut, [ids ? ids.size : v.rows, v.cols], 'dOut');
  const outs = zerosLike(v.stored);
  runKernel(backend, 'foldRows', [dOut, ids?.contiguous() ?? null, virtual(v), adjoint, outs]);
  return outs;
}

function zerosLike(tensors: readonly Tensor[]): Tensor[] {
  return tensors.map(({ shape, dtype, backend }) => {
    const out = empty(shape, dtype, backend);
    runKernel(backend, 'fill', [out, 0]);
    return out;
  });
}
