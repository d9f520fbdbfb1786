import { shownValue } from '@funhash/hashing';
import { ShapeError } from './errors.ts';

/** Extents of the axes, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

export function sizeOf(shape: Shape): number {
  let size = 1;
  for (let axis = 0; axis < shape.length; axis++) size *= shape[axis] as number;
  return size;
}

/** The text of a shape as users write it: `[2, 3]`. */
export function shapeText(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** Strides, in elements, of a contiguous array of this shape. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] as number;
  }
  return strides;
}

export function isContiguous(shape: Shape, strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = shape[axis] as number;
    if (extent > 1 && strides[axis] !== expected) return shape.includes(0);
    expected *= extent;
  }
  return true;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

export function checkShape(shape: Shape, operation: string, remedy?: string): void {
  let fits = Array.isArray(shape);
  for (let axis = 0; fits && axis < shape.length; axis++)
    fits = Number.isSafeInteger(shape[axis]) && (shape[axis] as number) >= 0;
  if (!fits || !Number.isSafeInteger(sizeOf(shape)))
    throw new ShapeError({
      operation,
      expected: 'extents that are non-negative integers with a product below 2^53',
      actual: fits ? shapeText(shape) : shownValue(shape),
      ...(remedy !== undefined && { remedy }),
      ...(typeof shape === 'number' && { remedy: `Put it in brackets: [${shape}].` }),
    });
}

/** The shape of an elementwise result by NumPy's broadcasting rule. */
export function broadcastShapes(operation: string, ...shapes: readonly Shape[]): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes)
    for (let k = 1; k <= shape.length; k++) {
      const extent = shape[shape.length - k] as number;
      const known = result[rank - k] as number;
      if (extent === known || extent === 1) continue;
      if (known !== 1)
        throw new ShapeError({
          operation,
          expected: 'shapes that broadcast: equal extents or 1, aligned at the last axis',
          actual: shapes.map(shapeText).join(' and '),
        });
      result[rank - k] = extent;
    }
  return result;
}

/** Strides that make an array of `shape` read as one of the larger `target`: 0 along repeated axes. */
export function broadcastStrides(shape: Shape, strides: readonly number[], target: Shape): number[] {
  const shift = target.length - shape.length;
  return target.map((extent, axis) => {
    const own = axis - shift;
    return own < 0 || (shape[own] === 1 && extent !== 1) ? 0 : (strides[own] as number);
  });
}

/** An axis counted from the front; negative axes count from the back. */
export function normalizeAxis(axis: number, rank: number, operation: string): number {
  const normal = Number.isInteger(axis) ? (axis < 0 ? axis + rank : axis) : -1;
  if (normal < 0 || normal >= rank)
    throw new ShapeError({
      operation,
      expected: rank === 0 ? 'a tensor that has axes' : `an axis from ${-rank} to ${rank - 1}`,
      actual: rank === 0 ? `[], for axis ${shownValue(axis)}` : shownValue(axis),
    });
  return normal;
}
