import type { Program } from '@funhash/formula';
import { ArgumentError } from '@funhash/hashing';
import { requireTensor } from './arguments.ts';
import { empty } from './create.ts';
import { checkDType, type DType, isFloat, requireHeld } from './dtype.ts';
import { DTypeError, ShapeError } from './errors.ts';
import { backendOf, describe, floatTypeOf, operandOf, requireIndex, requireShape } from './operands.ts';
import { runKernel } from './run-kernel.ts';
import {
  broadcastShapes,
  broadcastStrides,
  contiguousStrides,
  normalizeAxis,
  type Shape,
  sameShape,
  shapeText,
} from './shape.ts';
import type { Tensor } from './tensor.ts';
import { isWhole } from './whole-programs.ts';

/**
 * Checked kernel calls: shapes, dtypes and backends are verified here and nowhere below, outputs are allocated here.
 * No gradients: the differentiable ops of `@funhash/autodiff` and `@funhash/space` are built from these.
 */

/**
 * One output per program output, of the broadcast shape of the inputs. Operands are floats of one dtype; all i32 where the
 * program gives whole numbers for whole numbers.
 */
export function runMap(
  operation: string,
  program: Program,
  inputs: readonly Tensor[],
  scalars: readonly number[] = [],
): Tensor[] {
  const backend = backendOf(operation, inputs);
  const dtype = dtypeOfMap(operation, program, inputs, scalars);
  const shape = commonShape(operation, inputs);
  const outs = program.outputs.map(() => empty(shape, dtype, backend, operation));
  runKernel(backend, 'map', [program, inputs.map((input) => operandOf(input, shape)), scalars, outs]);
  return outs;
}

function dtypeOfMap(
  operation: string,
  program: Program,
  inputs: readonly Tensor[],
  scalars: readonly number[],
): DType {
  if (inputs.some(({ dtype }) => dtype !== 'i32') || !isWhole(program)) return floatTypeOf(operation, inputs);
  const broken = scalars.find((scalar) => !Number.isInteger(scalar));
  if (broken !== undefined)
    throw new DTypeError({
      operation,
      expected: 'whole numbers beside operands of i32',
      actual: String(broken),
      remedy: 'Convert the operands with cast.',
    });
  return 'i32';
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
  requireTensor('assign', target, 'target');
  requireShape('assign', source, target.shape, 'a source');
  runKernel(backendOf('assign', [target, source]), 'copy', [source, target]);
  target.storage.version++;
}

export function broadcastView(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : x.view(shape, broadcastStrides(x.shape, x.strides, shape), x.offset);
}

/**
 * Converts the dtype; the same tensor where it has it already.
 *
 * @throws ArgumentError where i32 or u8 would change a value; on a backend whose memory scripts do not see, values are
 * converted toward zero instead
 */
export function runCast(x: Tensor, dtype: DType): Tensor {
  if (x.dtype === dtype) return x;
  checkDType(dtype, 'cast');
  if (!isFloat(dtype) && x.dtype !== 'u8' && x.backend.host)
    requireHeld('cast', x.dataSync(), dtype, x.shape);
  const out = empty(x.shape, dtype, x.backend, 'cast');
  runKernel(x.backend, 'copy', [x, out]);
  return out;
}

/** Copies pieces into slices of a new tensor filled with `value`; piece k goes to the position `starts[k]`. */
export function runPlace(
  pieces: readonly Tensor[],
  shape: Shape,
  starts: readonly (readonly number[])[],
  value?: number,
  operation = 'place',
): Tensor {
  const [first] = pieces as [Tensor, ...Tensor[]];
  const out = empty(shape, first.dtype, backendOf(operation, pieces), operation);
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
  if (dtype !== 'i32') floatTypeOf(op, [x]);
  const kept = x.shape.slice();
  for (const axis of axes) kept[normalizeAxis(axis, x.rank, op)] = 1;
  const out = empty(shape ?? kept, dtype, backend, op);
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
  const out = empty(x.shape.slice(0, -1), 'i32', x.backend, 'argMax');
  runKernel(x.backend, 'argMax', [x, out]);
  return out;
}

/** x [R, ...] at index [N] → [N, ...]; any dtype of x. */
export function runGather(x: Tensor, index: Tensor): Tensor {
  requireIndex('gather', index);
  if (x.rank === 0)
    throw new ShapeError({ operation: 'gather', expected: 'at least one axis', actual: '[]' });
  const backend = backendOf('gather', [x, index]);
  const out = empty([...index.shape, ...x.shape.slice(1)], x.dtype, backend, 'gather');
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
  const out = empty([rows, ...x.shape.slice(1)], x.dtype, backend, 'scatterAdd');
  runKernel(backend, 'fill', [out, 0]);
  runKernel(backend, 'scatterAdd', [x, index, out]);
  return out;
}

/** [..., N] → [...]. */
export function runLogSumExp(x: Tensor): Tensor {
  if (x.rank === 0)
    throw new ShapeError({ operation: 'logSumExp', expected: 'at least one axis', actual: '[]' });
  floatTypeOf('logSumExp', [x]);
  const out = empty(x.shape.slice(0, -1), x.dtype, x.backend, 'logSumExp');
  runKernel(x.backend, 'logSumExp', [x, out]);
  return out;
}

/** Inclusive sums along the last axis, x [..., N] → [..., N]; f32, f64 or i32. */
export function runScan(x: Tensor): Tensor {
  if (x.rank === 0) throw new ShapeError({ operation: 'scan', expected: 'at least one axis', actual: '[]' });
  if (x.dtype !== 'i32') floatTypeOf('scan', [x]);
  const out = empty(x.shape, x.dtype, x.backend, 'scan');
  runKernel(x.backend, 'scan', [x, out]);
  return out;
}
