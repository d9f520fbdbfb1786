import type { WindowPlan } from '@funhash/autodiff';
import { assign, empty, runKernel, type Tensor } from '@funhash/tensor';

/** Where the elements of an image go along one spatial axis of another: the first to `start`, then every `step`. */
interface Placing {
  readonly extent: number;
  readonly start: number;
  readonly step: number;
}

/** x [B, ...spatial, C] among zeros; what would lie outside is left out. x itself where nothing changes. */
function spread(x: Tensor, axes: readonly Placing[]): Tensor {
  const spatial = x.shape.slice(1, -1);
  if (axes.every(({ extent, start, step }, axis) => extent === spatial[axis] && start === 0 && step === 1))
    return x;
  const [batch, channels] = [x.shape[0] as number, x.shape.at(-1) as number];
  const out = empty([batch, ...axes.map(({ extent }) => extent), channels], x.dtype, x.backend);
  runKernel(out.backend, 'fill', [out, 0]);
  const inside = axes.map(({ extent, start, step }, axis) => {
    const first = Math.max(0, Math.ceil(-start / step));
    const end = Math.min(spatial[axis] as number, Math.floor((extent - 1 - start) / step) + 1);
    return { first, count: Math.max(0, end - first), to: start + first * step };
  });
  const shape = [batch, ...inside.map(({ count }) => count), channels];
  if (shape.includes(0)) return out;
  const at = ({ offset, strides }: Tensor, places: readonly number[]): number =>
    places.reduce((sum, place, axis) => sum + place * (strides[axis + 1] as number), offset);
  const [sources, targets] = [inside.map(({ first }) => first), inside.map(({ to }) => to)];
  const source = x.view(shape, x.strides, at(x, sources));
  const steps = out.strides.map((stride, axis) => stride * (axes[axis - 1]?.step ?? 1));
  const target = out.view(shape, steps, at(out, targets));
  assign(target, source);
  source.dispose();
  target.dispose();
  return out;
}

/** x with the zeros that a convolution puts around it. */
export function padded(x: Tensor, { padded: extents, padding }: WindowPlan): Tensor {
  return spread(
    x,
    extents.map((extent, axis) => ({
      extent,
      start: (padding[axis] as readonly [number, number])[0],
      step: 1,
    })),
  );
}

/**
 * The image whose windows, one for each element of an image of `spatial` extents, give a transposed convolution: y
 * with stride − 1 zeros between its elements, and around it as many as the windows reach. The order of elements
 * within a window is reversed.
 */
export function spreadForTransposed(y: Tensor, spatial: readonly number[], plan: WindowPlan): Tensor {
  return spread(
    y,
    spatial.map((extent, axis) => {
      const reach = ((plan.kernel[axis] as number) - 1) * (plan.dilation[axis] as number);
      const [before] = plan.padding[axis] as readonly [number, number];
      return { extent: extent + reach, start: reach - before, step: plan.stride[axis] as number };
    }),
  );
}

/** The windows on what `spreadForTransposed` gives. */
export function transposedPlan(spatial: readonly number[], plan: WindowPlan): WindowPlan {
  return { ...plan, stride: spatial.map(() => 1), out: spatial };
}
