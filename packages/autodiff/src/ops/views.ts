import { ArgumentError, shownValue } from '@funhash/hashing';
import {
  broadcastView,
  checkShape,
  contiguousStrides,
  normalizeAxis,
  requireIntegers,
  requireTensor,
  requireTensors,
  runPlace,
  runReduce,
  type Shape,
  ShapeError,
  sameShape,
  shapeText,
  sizeOf,
  type Tensor,
} from '@funhash/tensor';
import { record, recorded } from '../tape.ts';

/** Ops that move elements without computing: most are windows on the same memory. */

/**
 * The same elements under another shape; one extent may be −1, meaning what is left.
 *
 * @throws ShapeError where the sizes differ
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  requireTensor('reshape', x);
  requireIntegers('reshape', shape, 'shape');
  const target = resolved(x, shape);
  return recorded([x], reshaped(x, target), (g) => [reshape(g, x.shape)]);
}

function reshaped(x: Tensor, target: Shape): Tensor {
  if (x.isContiguous) return x.view(target, contiguousStrides(target), x.offset);
  if (withoutOnes(x.shape, x.shape).join() === withoutOnes(target, target).join()) {
    // Only extents of 1 come or go: that leaves every stride, so that what is broadcast is not spread out.
    const strides = withoutOnes(x.shape, x.strides).values();
    const kept = target.map((extent) => (extent === 1 ? 0 : (strides.next().value as number)));
    return x.view(target, kept, x.offset);
  }
  const source = x.contiguous();
  const output = source.view(target, contiguousStrides(target), source.offset);
  // The view keeps the memory of a copy; nothing else may, or disposing the result would not free it.
  if (source !== x) source.dispose();
  return output;
}

function withoutOnes(shape: Shape, values: readonly number[]): number[] {
  return values.filter((_, axis) => shape[axis] !== 1);
}

function resolved(x: Tensor, shape: Shape): number[] {
  const known = sizeOf(shape.filter((extent) => extent !== -1));
  const target = shape.map((extent) => (extent === -1 && known > 0 ? x.size / known : extent));
  if (
    shape.filter((extent) => extent === -1).length > 1 ||
    sizeOf(target) !== x.size ||
    !target.every((extent) => Number.isInteger(extent) && extent >= 0)
  )
    throw new ShapeError({
      operation: 'reshape',
      expected: `a shape of ${x.size} elements, at most one extent −1`,
      actual: `${shapeText(x.shape)} to ${shapeText(shape)}`,
    });
  return target;
}

/**
 * x with its axes in another order, on the memory of x. Default: reversed. `permutation[k]` is the axis of x that becomes
 * axis k.
 *
 * @throws ShapeError unless it is a permutation of the axes
 */
export function transpose(x: Tensor, permutation?: readonly number[]): Tensor {
  requireTensor('transpose', x);
  if (permutation !== undefined) requireIntegers('transpose', permutation, 'permutation');
  const order =
    permutation?.map((axis) => normalizeAxis(axis, x.rank, 'transpose')) ??
    x.shape.map((_, axis) => x.rank - 1 - axis);
  if (order.length !== x.rank || new Set(order).size !== x.rank)
    throw new ShapeError({
      operation: 'transpose',
      expected: `a permutation of the axes 0 to ${x.rank - 1}`,
      actual: shapeText(order),
    });
  const output = x.view(
    order.map((axis) => x.shape[axis] as number),
    order.map((axis) => x.strides[axis] as number),
    x.offset,
  );
  return recorded([x], output, (g) => [
    transpose(
      g,
      order.map((_, axis) => order.indexOf(axis)),
    ),
  ]);
}

/**
 * x repeated along new axes in front and those of extent 1, until it has `shape`; on the memory of x.
 *
 * @throws ShapeError where x does not broadcast to `shape`
 */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  requireTensor('broadcastTo', x);
  checkShape(shape, 'broadcastTo');
  if (!broadcasts(x.shape, shape))
    throw new ShapeError({
      operation: 'broadcastTo',
      expected: `a shape that ${shapeText(x.shape)} broadcasts to`,
      actual: shapeText(shape),
    });
  const output = broadcastView(x, shape);
  return output === x ? x : recorded([x], output, (g) => [sumTo(g, x.shape)]);
}

function broadcasts(shape: Shape, target: Shape): boolean {
  const added = target.length - shape.length;
  return added >= 0 && shape.every((extent, axis) => extent === 1 || extent === target[axis + added]);
}

/** x with a new axis of extent 1 at `axis` of the result; on the memory of x where that is contiguous. */
export function expandDims(x: Tensor, axis: number): Tensor {
  requireTensor('expandDims', x);
  const at = normalizeAxis(axis, x.rank + 1, 'expandDims');
  return reshape(x, x.shape.toSpliced(at, 0, 1));
}

/**
 * x without some axes of extent 1, on the memory of x. Default: without any of them.
 *
 * @throws ShapeError for an axis of another extent
 */
export function squeeze(x: Tensor, axes?: readonly number[]): Tensor {
  requireTensor('squeeze', x);
  if (axes !== undefined) requireIntegers('squeeze', axes, 'axes');
  const chosen = axes?.map((axis) => normalizeAxis(axis, x.rank, 'squeeze'));
  if (chosen?.some((axis) => x.shape[axis] !== 1))
    throw new ShapeError({ operation: 'squeeze', expected: 'axes of extent 1', actual: shapeText(x.shape) });
  return reshape(
    x,
    x.shape.filter((extent, axis) => extent !== 1 || (chosen !== undefined && !chosen.includes(axis))),
  );
}

/** `slice` by starts and sizes: what other ops take windows by. */
export function windowAt(x: Tensor, starts: readonly number[], sizes: Shape): Tensor {
  const shape = sizes.map((size, axis) =>
    size === -1 ? (x.shape[axis] as number) - (starts[axis] as number) : size,
  );
  const inside = shape.every((size, axis) => {
    const start = starts[axis] as number;
    return (
      Number.isInteger(start) &&
      start >= 0 &&
      Number.isInteger(size) &&
      size >= 0 &&
      start + size <= (x.shape[axis] as number)
    );
  });
  if (starts.length !== x.rank || shape.length !== x.rank || !inside)
    throw new ShapeError({
      operation: 'slice',
      expected: `a window inside ${shapeText(x.shape)}`,
      actual: `starts ${shapeText(starts)}, sizes ${shapeText(sizes)}`,
    });
  const output = windowOf(x, shape, starts);
  return recorded([x], output, (g) => [
    padWith(
      g,
      starts.map(
        (start, axis) => [start, (x.shape[axis] as number) - start - (shape[axis] as number)] as const,
      ),
    ),
  ]);
}

// A window without elements begins where x does: its starts may lie behind the end of the memory.
function windowOf(x: Tensor, shape: Shape, starts: readonly number[]): Tensor {
  const steps = sizeOf(shape) === 0 ? [] : starts;
  return x.view(
    shape,
    x.strides,
    steps.reduce((at, start, axis) => at + start * (x.strides[axis] as number), x.offset),
  );
}

function place(
  operation: string,
  pieces: readonly Tensor[],
  shape: Shape,
  starts: readonly (readonly number[])[],
  value?: number,
) {
  return runPlace(
    pieces,
    shape,
    starts.map((start, k) => ((pieces[k] as Tensor).size === 0 ? [] : start)),
    value,
    operation,
  );
}

/** @throws ShapeError unless there are two whole numbers for each axis */
export function requireAmounts(x: Tensor, amounts: readonly (readonly [number, number])[]): void {
  requireTensor('pad', x);
  const isPair = (pair: unknown): boolean =>
    Array.isArray(pair) && pair.length === 2 && pair.every((each) => Number.isInteger(each) && each >= 0);
  if (!Array.isArray(amounts) || amounts.length !== x.rank || !Array.from(amounts).every(isPair))
    throw new ShapeError({
      operation: 'pad',
      expected: `non-negative [before, after] for each of ${x.rank} axes`,
      actual: amounts === undefined ? 'none' : shownValue(amounts),
    });
}

/** `pad` by elements of one value: what other ops pad by. */
export function padWith(x: Tensor, amounts: readonly (readonly [number, number])[], value = 0): Tensor {
  requireAmounts(x, amounts);
  const starts = amounts.map(([before]) => before);
  const shape = x.shape.map((extent, axis) => {
    const [before, after] = amounts[axis] as readonly [number, number];
    return before + extent + after;
  });
  const output = place('pad', [x], shape, [starts], value);
  return recorded([x], output, (g) => [windowAt(g, starts, x.shape)]);
}

/**
 * Tensors one behind the other along an axis, default 0; the other extents are equal.
 *
 * @throws ShapeError where dtypes or extents differ; ArgumentError for no tensors
 */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  requireTensors('concat', tensors);
  const [first] = tensors;
  if (!first)
    throw new ArgumentError({ operation: 'concat', expected: 'at least one tensor', actual: 'none' });
  const along = normalizeAxis(axis, first.rank, 'concat');
  const fits = tensors.every(
    ({ shape, dtype }) =>
      dtype === first.dtype &&
      shape.length === first.rank &&
      shape.every((extent, k) => k === along || extent === first.shape[k]),
  );
  if (!fits)
    throw new ShapeError({
      operation: 'concat',
      expected: `one dtype, and shapes equal except along axis ${along}`,
      actual: tensors.map(String).join(', '),
    });
  let total = 0;
  const starts = tensors.map(({ shape }) => {
    const start = first.shape.map((_, k) => (k === along ? total : 0));
    total += shape[along] as number;
    return start;
  });
  const output = place('concat', tensors, first.shape.with(along, total), starts);
  return recorded(tensors, output, (g) =>
    tensors.map(({ shape }, k) => windowAt(g, starts[k] as readonly number[], shape)),
  );
}

/**
 * Windows on x that follow one another along an axis: as many equal ones as `parts` says, or of the extents it lists.
 * The gradient of all of them is formed at once: where x is read in pieces, cheaper than one `slice` a piece.
 */
export function split(x: Tensor, parts: number | readonly number[], axis = 0): Tensor[] {
  requireTensor('split', x);
  if (typeof parts !== 'number') requireIntegers('split', parts, 'parts');
  const along = normalizeAxis(axis, x.rank, 'split');
  const extent = x.shape[along] as number;
  const extents = typeof parts === 'number' ? equalParts(extent, parts) : parts;
  if (
    extents.some((part) => !Number.isInteger(part) || part < 0) ||
    extents.reduce((a, b) => a + b, 0) !== extent
  )
    throw new ShapeError({
      operation: 'split',
      expected: `equal parts, or extents with sum ${extent}`,
      actual: typeof parts === 'number' ? `${parts} parts` : shapeText(parts),
    });
  let start = 0;
  const outputs = extents.map((part) => {
    const starts = x.shape.map((_, axis) => (axis === along ? start : 0));
    start += part;
    return windowOf(x, x.shape.with(along, part), starts);
  });
  record([x], outputs, (cotangents) => [concat(cotangents, along)]);
  return outputs;
}

function equalParts(extent: number, count: number): number[] {
  // Of no more parts than there are elements: many empty ones would be an array of any size.
  return Number.isInteger(count) && count > 0 && count <= Math.max(1, extent)
    ? new Array<number>(count).fill(extent / count)
    : [Number.NaN];
}

/** The slices of x along an axis, without that axis: the reverse of `stack`. */
export function unstack(x: Tensor, axis = 0): Tensor[] {
  requireTensor('unstack', x);
  const along = normalizeAxis(axis, x.rank, 'unstack');
  return split(x, new Array<number>(x.shape[along] as number).fill(1), along).map((part) =>
    squeeze(part, [along]),
  );
}

/** x with the axes from `startAxis` on, default 0, as one: [A, B, C] → [A·B·C], or [A, B·C] from 1. */
export function flatten(x: Tensor, startAxis = 0): Tensor {
  requireTensor('flatten', x);
  const start = x.rank === 0 ? 0 : normalizeAxis(startAxis, x.rank, 'flatten');
  return reshape(x, [...x.shape.slice(0, start), sizeOf(x.shape.slice(start))]);
}

/** Tensors of one shape side by side along a new axis, default 0: n of [...] → [n, ...]. */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  requireTensors('stack', tensors);
  return concat(
    tensors.map((tensor) => expandDims(tensor, axis)),
    axis,
  );
}

/** x summed over the axes along which something of `shape` was broadcast to x's shape: the adjoint of broadcasting. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  requireTensor('sumTo', x);
  requireIntegers('sumTo', shape, 'shape');
  if (sameShape(x.shape, shape)) return x;
  if (!broadcasts(shape, x.shape))
    throw new ShapeError({
      operation: 'sumTo',
      expected: `a shape that broadcasts to ${shapeText(x.shape)}`,
      actual: shapeText(shape),
    });
  const added = x.rank - shape.length;
  const axes: number[] = [];
  for (let axis = 0; axis < x.rank; axis++)
    if (x.shape[axis] !== 1 && (axis < added || shape[axis - added] === 1)) axes.push(axis);
  return axes.length === 0 ? reshape(x, shape) : sumOver(x, axes, shape);
}

/** Sum over axes. `shape` of the result: x's without any of them; default all of them, with extent 1. */
export function sumOver(x: Tensor, axes: readonly number[], shape?: Shape): Tensor {
  return recorded([x], runReduce('sum', x, axes, shape), (g) => {
    const kept = x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
    return [broadcastTo(sameShape(g.shape, kept) ? g : reshape(g, kept), x.shape)];
  });
}
