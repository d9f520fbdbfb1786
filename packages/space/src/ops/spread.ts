import type { WindowPlan } from '@funhash/autodiff/op-parts';
import { assign, empty, runKernel, type Tensor } from '@funhash/tensor';

/** Places that the elements of an image take along one spatial axis of another: the first to `start`, one after the other. */
interface Placing {
  readonly extent: number;
  readonly start: number;
}

/** x [B, ...spatial, C] among zeros; what would lie outside is left out. x itself where nothing changes. */
export function spread(x: Tensor, axes: readonly Placing[]): Tensor {
  const spatial = x.shape.slice(1, -1);
  if (axes.every(({ extent, start }, axis) => extent === spatial[axis] && start === 0)) return x;
  const [batch, channels] = [x.shape[0] as number, x.shape.at(-1) as number];
  const shaped = [batch, ...axes.map(({ extent }) => extent), channels];
  const out = empty(shaped, x.dtype, x.backend, 'padding of a convolution');
  const inside = axes.map(({ extent, start }, axis) => {
    const first = Math.max(0, -start);
    const end = Math.min(spatial[axis] as number, extent - start);
    return { first, count: Math.max(0, end - first), to: start + first };
  });
  const shape = [batch, ...inside.map(({ count }) => count), channels];
  fillAround(out, inside);
  if (shape.includes(0)) return out;
  const source = partOf(
    x,
    inside.map(({ first }) => first),
    shape,
  );
  const target = partOf(
    out,
    inside.map(({ to }) => to),
    shape,
  );
  assign(target, source);
  source.dispose();
  target.dispose();
  return out;
}

/** x with the zeros that a convolution puts around it. */
export function padded(x: Tensor, { padded: extents, padding }: WindowPlan): Tensor {
  return spread(
    x,
    extents.map((extent, axis) => ({ extent, start: (padding[axis] as readonly [number, number])[0] })),
  );
}

/** A view of a part of x [B, ...spatial, C] that starts at places of the first spatial axes. */
function partOf(x: Tensor, places: readonly number[], shape: readonly number[]): Tensor {
  const { offset, strides } = x;
  const start = places.reduce((sum, place, axis) => sum + place * (strides[axis + 1] as number), offset);
  return x.view(shape, strides, start);
}

interface Inside {
  readonly count: number;
  readonly to: number;
}

/** Elements that are taken to be set to 0 in the time of one more run of them: an estimate. */
const elementsPerRun = 150;

/** Zeros in out [B, ...spatial, C] around what is written inside; everywhere where those around are too many short runs. */
function fillAround(out: Tensor, inside: readonly Inside[]): void {
  const slabs = inside.flatMap(({ count, to }, axis) => {
    const extent = out.shape[axis + 1] as number;
    const before = inside.slice(0, axis);
    const runs = before.reduce((product, each) => product * each.count, out.shape[0] as number);
    const slab = (from: number, many: number) => ({
      runs,
      at: [...before.map((each) => each.to), from],
      shape: [
        out.shape[0] as number,
        ...before.map((each) => each.count),
        many,
        ...out.shape.slice(axis + 2),
      ],
    });
    return [slab(0, to), slab(to + count, extent - to - count)];
  });
  const needed = slabs.filter(({ shape }) => !shape.includes(0));
  const runs = needed.reduce((sum, each) => sum + each.runs, 0);
  if (inside.some(({ count }) => count === 0) || runs * elementsPerRun > out.size) {
    runKernel(out.backend, 'fill', [out, 0]);
    return;
  }
  for (const { at, shape } of needed) {
    const view = partOf(out, at, shape);
    runKernel(out.backend, 'fill', [view, 0]);
    view.dispose();
  }
}
