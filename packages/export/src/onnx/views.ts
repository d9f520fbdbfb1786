import type { PlanView } from '@funhash/tensor';
import type { Graph } from './graph.ts';
import type { Value } from './parts.ts';

type Layout = Pick<PlanView, 'shape' | 'strides' | 'offset'>;

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, extent) => size * extent, 1);

/** The elements that a view shows of a buffer, as a value of its shape. */
export function viewNodes(graph: Graph, buffer: Value, view: Layout): Value {
  return asBoxes(graph, buffer, view) ?? gathered(graph, buffer, view);
}

/**
 * A view as a part of the buffer in other extents, with axes in another order: where the stride of each axis is a multiple
 * of that of the next, and none runs into the next. Axes of stride 0 are copies.
 */
function asBoxes(graph: Graph, buffer: Value, { shape, strides, offset }: Layout): Value | undefined {
  const length = sizeOf(buffer.shape);
  const axes = shape
    .map((extent, axis) => ({ axis, extent, stride: strides[axis] as number }))
    .filter(({ extent, stride }) => extent > 1 && stride > 0)
    .sort((a, b) => b.stride - a.stride);
  const units = [...axes.map(({ stride }) => stride), 1];
  if (axes.at(-1)?.stride === 1) units.pop();
  if (units.some((unit, k) => (k === 0 ? length % unit : (units[k - 1] as number) % unit) !== 0))
    return undefined;
  const dims = units.map((unit, k) => (k === 0 ? length : (units[k - 1] as number)) / unit);
  let rest = offset;
  const starts = units.map((unit) => {
    const start = Math.floor(rest / unit);
    rest -= start * unit;
    return start;
  });
  const ends = starts.map((start, k) => start + (axes[k]?.extent ?? 1));
  if (ends.some((end, k) => end > (dims[k] as number))) return undefined;
  const part = graph.slice(graph.reshape(buffer, dims), starts, ends);
  const walked = axes.map((_, k) => k);
  const order = walked.toSorted((a, b) => (axes[a]?.axis as number) - (axes[b]?.axis as number));
  const turned = graph.transpose(
    graph.reshape(
      part,
      axes.map(({ extent }) => extent),
    ),
    order,
  );
  const spread = shape.map((extent, axis) => (strides[axis] === 0 ? 1 : extent));
  const whole = graph.reshape(turned, spread);
  if (spread.join() === shape.join()) return whole;
  return graph.node('Expand', [whole, graph.list(shape)], whole.type, shape);
}

/** Any view: elements by their numbers. */
function gathered(graph: Graph, buffer: Value, view: Layout): Value {
  const flat = graph.reshape(buffer, [sizeOf(buffer.shape)]);
  const indices = graph.constant(positionsOf(view), view.shape);
  return graph.node('Gather', [flat, indices], buffer.type, view.shape);
}

/** Places of the elements of a view, row by row. */
function positionsOf({ shape, strides, offset }: Layout): Int32Array {
  const positions = new Int32Array(sizeOf(shape));
  for (let k = 0; k < positions.length; k++) {
    let rest = k;
    let at = offset;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const extent = shape[axis] as number;
      at += (rest % extent) * (strides[axis] as number);
      rest = Math.floor(rest / extent);
    }
    positions[k] = at;
  }
  return positions;
}

/** A buffer with a value in the place of what a view shows of it; undefined before where nothing was written yet. */
export function writtenNodes(graph: Graph, before: Value, view: Layout, value: Value): Value {
  const length = sizeOf(before.shape);
  const flat = graph.reshape(before, [length]);
  const size = sizeOf(view.shape);
  const indices = graph.constant(BigInt64Array.from(positionsOf(view), BigInt), [size]);
  return graph.node('ScatterElements', [flat, indices, graph.reshape(value, [size])], before.type, [length], {
    axis: 0,
  });
}
