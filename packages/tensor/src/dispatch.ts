import type { Program } from '@funhash/formula';
import { ArgumentError } from '@funhash/hashing';
import type { Backend, View } from './backend.ts';
import { empty } from './create.ts';
import { type DType, isFloat } from './dtype.ts';
import { BackendError, DTypeError, ShapeError } from './errors.ts';
import { referenceBackend } from './reference/backend.ts';
import { runKernel } from './run-kernel.ts';
import {
  broadcastShapes,
  broadcastStrides,
  contiguousStrides,
  normalizeAxis,
  type Shape,
  sameShape,
  shapeText,
  sizeOf,
} from './shape.ts';
import type { Tensor } from './tensor.ts';

/**
 * Checked kernel calls: shapes, dtypes and backends are verified here and nowhere below, outputs are allocated here.
 * No gradients: the differentiable ops of `@funhash/autodiff` and `@funhash/space` are built from these.
 */

/** A virtual matrix whose stored values are tensors. */
export interface VirtualOperand {
  readonly program: Program;
  readonly rows: number;
  readonly cols: number;
  readonly uniforms: readonly number[];
  readonly scalars: readonly number[];
  readonly stored: readonly Tensor[];
}

export interface ProductOptions {
  /** [N] */
  readonly bias?: Tensor | undefined;
  /** A program of one input. */
  readonly activation?: Program | undefined;
  /** Leading axes of the left operand that are rows of it; the others are columns. Default all but the last. */
  readonly rowAxes?: number | undefined;
}

export interface RunMatmulOptions extends ProductOptions {
  /** Use a with its last two axes exchanged; not beside `rowAxes`. Default false. */
  readonly transposeA?: boolean;
  /** Use b with its last two axes exchanged. Default false. */
  readonly transposeB?: boolean;
}

const describe = (tensors: readonly Tensor[]): string => tensors.map(String).join(' and ');

/** The common backend of operands; those of the reference are moved where others are elsewhere. */
function backendOf(operation: string, tensors: readonly Tensor[]): Backend {
  const [{ backend }] = tensors as [Tensor, ...Tensor[]];
  for (const tensor of tensors) if (tensor.backend !== backend) return gathered(operation, tensors);
  return backend;
}

function gathered(operation: string, tensors: readonly Tensor[]): Backend {
  const elsewhere = tensors.filter(({ backend }) => backend !== referenceBackend);
  const { backend } = elsewhere[0] as Tensor;
  if (elsewhere.some((tensor) => tensor.backend !== backend))
    throw new BackendError({
      operation,
      expected: 'operands on one backend',
      actual: describe(tensors),
      remedy: 'Choose the backend with useBackend before making tensors.',
    });
  for (const { storage } of tensors) if (storage.backend !== backend) storage.moveTo(backend);
  return backend;
}

function floatTypeOf(operation: string, tensors: readonly Tensor[]): DType {
  const [{ dtype }] = tensors as [Tensor, ...Tensor[]];
  let fits = isFloat(dtype);
  for (const tensor of tensors) fits &&= tensor.dtype === dtype;
  if (!fits)
    throw new DTypeError({
      operation,
      expected: 'operands of one floating-point dtype (f32 or f64)',
      actual: describe(tensors),
      remedy: 'Convert with cast.',
    });
  return dtype;
}

function requireShape(operation: string, tensor: Tensor, expected: Shape, name: string): void {
  if (!sameShape(tensor.shape, expected))
    throw new ShapeError({
      operation,
      expected: `${name} of shape ${shapeText(expected)}`,
      actual: shapeText(tensor.shape),
    });
}

function requireIndex(operation: string, index: Tensor): void {
  if (index.dtype !== 'i32' || index.rank !== 1)
    throw new DTypeError({
      operation,
      expected: 'an index of dtype i32 and shape [N]',
      actual: String(index),
    });
}

/** One output per program output, of the broadcast shape of the inputs. */
export function runMap(
  operation: string,
  program: Program,
  inputs: readonly Tensor[],
  scalars: readonly number[] = [],
): Tensor[] {
  const backend = backendOf(operation, inputs);
  const dtype = floatTypeOf(operation, inputs);
  const shape = commonShape(operation, inputs);
  const outs = program.outputs.map(() => empty(shape, dtype, backend));
  runKernel(backend, 'map', [program, inputs.map((input) => operandOf(input, shape)), scalars, outs]);
  return outs;
}

function commonShape(operation: string, inputs: readonly Tensor[]): Shape {
  const [{ shape }] = inputs as [Tensor, ...Tensor[]];
  for (const input of inputs)
    if (!sameShape(input.shape, shape))
      return broadcastShapes(operation, ...inputs.map((operand) => operand.shape));
  return shape;
}

/**
 * Overwrites the first targets with the outputs of a program whose first inputs are the targets: how optimisers
 * update parameters in place.
 *
 * @throws ShapeError unless all operands have one shape
 */
export function updateInPlace(
  operation: string,
  program: Program,
  targets: readonly Tensor[],
  inputs: readonly Tensor[],
  scalars: readonly number[],
): void {
  const all = [...targets, ...inputs];
  const backend = backendOf(operation, all);
  floatTypeOf(operation, all);
  const shape = (targets[0] as Tensor).shape;
  for (const operand of all) requireShape(operation, operand, shape, 'operands');
  const count = program.outputs.length;
  let fits = count <= targets.length;
  for (const target of targets) fits &&= target.isContiguous;
  if (!fits)
    throw new ArgumentError({
      operation,
      expected: 'contiguous targets, at least as many as outputs',
      actual: describe(targets),
    });
  const outs = count === targets.length ? targets : targets.slice(0, count);
  runKernel(backend, 'map', [program, all, scalars, outs]);
  for (const out of outs) out.storage.version++;
}

/** Overwrites a tensor with values of the same shape. */
export function assign(target: Tensor, source: Tensor): void {
  requireShape('assign', source, target.shape, 'a source');
  runKernel(backendOf('assign', [target, source]), 'copy', [source, target]);
  target.storage.version++;
}

export function broadcastView(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : x.view(shape, broadcastStrides(x.shape, x.strides, shape), x.offset);
}

// A tensor made for one kernel call would keep the storage of `x` alive after its `dispose`.
function operandOf(x: View, shape: Shape): View {
  if (sameShape(x.shape, shape)) return x;
  const { buffer, dtype, offset } = x;
  return { buffer, dtype, shape, strides: broadcastStrides(x.shape, x.strides, shape), offset };
}

/** Converts the dtype; the same tensor where it has it already. */
export function runCast(x: Tensor, dtype: DType): Tensor {
  if (x.dtype === dtype) return x;
  const out = empty(x.shape, dtype, x.backend);
  runKernel(x.backend, 'copy', [x, out]);
  return out;
}

/** Copies pieces into slices of a new tensor filled with `value`; piece k goes to the position `starts[k]`. */
export function runPlace(
  pieces: readonly Tensor[],
  shape: Shape,
  starts: readonly (readonly number[])[],
  value?: number,
): Tensor {
  const [first] = pieces as [Tensor, ...Tensor[]];
  const out = empty(shape, first.dtype, backendOf('place', pieces));
  if (value !== undefined) runKernel(out.backend, 'fill', [out, value]);
  pieces.forEach((piece, k) => {
    const offset = (starts[k] as readonly number[]).reduce(
      (at, start, axis) => at + start * (out.strides[axis] as number),
      0,
    );
    const { buffer, dtype, strides } = out;
    runKernel(out.backend, 'copy', [piece, { buffer, dtype, shape: piece.shape, strides, offset }]);
  });
  return out;
}

/**
 * Reduces axes.
 *
 * @param shape of the result: x's without any of the reduced axes; default all of them, with extent 1
 */
export function runReduce(
  op: 'sum' | 'max' | 'min',
  x: Tensor,
  axes: readonly number[],
  shape?: Shape,
): Tensor {
  const { backend, dtype } = x;
  floatTypeOf(op, [x]);
  const kept = x.shape.slice();
  for (const axis of axes) kept[normalizeAxis(axis, x.rank, op)] = 1;
  const out = empty(shape ?? kept, dtype, backend);
  const { buffer, offset } = out;
  const target = shape ? { buffer, dtype, shape: kept, strides: contiguousStrides(kept), offset } : out;
  runKernel(backend, 'reduce', [op, x, target]);
  return out;
}

/** i32 indices along the last axis. */
export function runArgMax(x: Tensor): Tensor {
  if (x.rank === 0 || x.shape.at(-1) === 0)
    throw new ShapeError({
      operation: 'argMax',
      expected: 'a last axis with elements',
      actual: shapeText(x.shape),
    });
  const out = empty(x.shape.slice(0, -1), 'i32', x.backend);
  runKernel(x.backend, 'argMax', [x, out]);
  return out;
}

/** a [..., M, K] · b [..., K, N] with leading axes broadcast; under `rowAxes`, a [...rows, ...columns] · b [K, N]. */
export function runMatmul(a: Tensor, b: Tensor, options: RunMatmulOptions = {}): Tensor {
  const { bias, activation, rowAxes } = options;
  if (rowAxes !== undefined && rowAxes !== a.rank - 1) return multiplyAxes(a, b, rowAxes, options);
  const operation = 'matmul';
  const operands = bias ? [a, b, bias] : [a, b];
  const backend = backendOf(operation, operands);
  const dtype = floatTypeOf(operation, operands);
  const [left, right] = [options.transposeA ? turned(a) : a, options.transposeB ? turned(b) : b];
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
    const out = empty([rows, cols], dtype, backend);
    runKernel(backend, 'matmul', [left, right, out, epilogue]);
    return out;
  }
  const lead = broadcastShapes(operation, left.shape.slice(0, -2), right.shape.slice(0, -2));
  const [many, others] = [left, right].map((x) => operandOf(x, [...lead, ...x.shape.slice(-2)]));
  const out = empty([...lead, rows, cols], dtype, backend);
  runKernel(backend, 'matmul', [many as View, others as View, out, epilogue]);
  return out;
}

function turned({ buffer, dtype, shape, strides, offset }: Tensor): View {
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
  { bias, activation, transposeB }: RunMatmulOptions,
): Tensor {
  const operation = 'matmul';
  const operands = bias ? [a, b, bias] : [a, b];
  const backend = backendOf(operation, operands);
  const dtype = floatTypeOf(operation, operands);
  if (b.rank !== 2)
    throw new ShapeError({ operation, expected: 'b of shape [K, N]', actual: shapeText(b.shape) });
  const right = transposeB ? turned(b) : b;
  const [depth, cols] = right.shape as [number, number];
  requireColumns(operation, a, rowAxes, depth);
  if (bias) requireShape(operation, bias, [cols], 'a bias');
  const out = empty([...a.shape.slice(0, rowAxes), cols], dtype, backend);
  runKernel(backend, 'matmul', [a, right, out, epilogueOf(bias, activation)]);
  return out;
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

/** x [R, ...] at index [N] → [N, ...]; any dtype of x. */
export function runGather(x: Tensor, index: Tensor): Tensor {
  requireIndex('gather', index);
  if (x.rank === 0)
    throw new ShapeError({ operation: 'gather', expected: 'at least one axis', actual: '[]' });
  const backend = backendOf('gather', [x, index]);
  const out = empty([...index.shape, ...x.shape.slice(1)], x.dtype, backend);
  runKernel(backend, 'gather', [x, index, out]);
  return out;
}

/** A tensor of `rows` zero rows to which row index[n] has x[n] added, for each n. */
export function runScatterAdd(x: Tensor, index: Tensor, rows: number): Tensor {
  requireIndex('scatterAdd', index);
  const backend = backendOf('scatterAdd', [x, index]);
  if (x.rank === 0 || x.shape[0] !== index.shape[0])
    throw new ShapeError({
      operation: 'scatterAdd',
      expected: `rows for each of ${index.shape[0]} indices`,
      actual: shapeText(x.shape),
    });
  const out = empty([rows, ...x.shape.slice(1)], x.dtype, backend);
  runKernel(backend, 'fill', [out, 0]);
  runKernel(backend, 'scatterAdd', [x, index, out]);
  return out;
}

/** [..., N] → [...]. */
export function runLogSumExp(x: Tensor): Tensor {
  if (x.rank === 0)
    throw new ShapeError({ operation: 'logSumExp', expected: 'at least one axis', actual: '[]' });
  floatTypeOf('logSumExp', [x]);
  const out = empty(x.shape.slice(0, -1), x.dtype, x.backend);
  runKernel(x.backend, 'logSumExp', [x, out]);
  return out;
}

const virtual = (v: VirtualOperand): VirtualOperand => ({
  ...v,
  stored: v.stored.map((stored) => stored.contiguous()),
});

/** x [...rows, ...columns] · Vᵀ → [...rows, V's rows]; [B, cols] → [B, rows] is the plain case. */
export function runVirtualMatmul(
  x: Tensor,
  v: VirtualOperand,
  { bias, activation, rowAxes = x.rank - 1 }: ProductOptions = {},
): Tensor {
  const operation = 'virtualMatmul';
  const operands = [x, ...v.stored, ...(bias ? [bias] : [])];
  const backend = backendOf(operation, operands);
  const dtype = floatTypeOf(operation, operands);
  requireColumns(operation, x, rowAxes, v.cols);
  if (bias) requireShape(operation, bias, [v.rows], 'a bias');
  const out = empty([...x.shape.slice(0, rowAxes), v.rows], dtype, backend);
  runKernel(backend, 'virtualMatmul', [x, virtual(v), out, epilogueOf(bias, activation)]);
  return out;
}

/**
 * The gradients of the stored values, by slot, under dV = dYᵀ·x; dY [B, rows], x [B, cols], or several axes for B and
 * for cols.
 */
export function runVirtualFold(dY: Tensor, x: Tensor, v: VirtualOperand, adjoint: Program): Tensor[] {
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
  v: VirtualOperand,
  ids: Tensor | null,
  like?: { readonly dtype: DType; readonly backend: Backend },
): Tensor {
  const backend = like?.backend ?? backendOf('virtualRows', ids ? [...v.stored, ids] : v.stored);
  const dtype = like?.dtype ?? floatTypeOf('virtualRows', v.stored);
  if (ids) requireIndex('virtualRows', ids);
  const out = empty([ids ? ids.size : v.rows, v.cols], dtype, backend);
  runKernel(backend, 'virtualRows', [virtual(v), ids?.contiguous() ?? null, out]);
  return out;
}

/** The gradients of the stored values, by slot, under the cotangent dOut [N, cols] of `runVirtualRows`. */
export function runFoldRows(dOut: Tensor, ids: Tensor | null, v: VirtualOperand, adjoint: Program): Tensor[] {
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
