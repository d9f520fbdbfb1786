import type { WindowPlan } from '@funhash/autodiff/op-parts';
import { assign, empty, requireRoom, runKernel, type Shape, sizeOf, type Tensor } from '@funhash/tensor';
import type { KernelPlaces } from '../kernel-places.ts';
import { spread } from './spread.ts';

/**
 * The elements of a transposed convolution whose distance is a multiple of the stride along every axis. They meet the
 * same places of the kernel, each at neighbouring elements of y, so that they are a convolution of y of stride 1 with
 * these places in reverse order: no zero between the elements of y is multiplied.
 */
export interface Phase {
  /** The plan of the windows on y. */
  readonly plan: WindowPlan;
  readonly places: KernelPlaces;
}

/** A phase along one axis. */
interface AxisPhase {
  /** Its first element in the result, and their number. */
  readonly first: number;
  readonly count: number;
  /** Places of the kernel from the last one down, `step` apart. */
  readonly last: number;
  readonly step: number;
  readonly kernel: number;
  /** Distance of the elements of y in a window. */
  readonly dilation: number;
  /** The place of the first element of y in what windows are taken of. */
  readonly start: number;
}

/**
 * y [B, ...out, ·] → [B, ...spatial, ·] phase by phase.
 *
 * @param channels of the result
 * @param convolve given y with the zeros around it that the windows of a phase reach
 */
export function byPhases(
  y: Tensor,
  shape: Shape,
  plan: WindowPlan,
  convolve: (source: Tensor, phase: Phase) => Tensor,
): Tensor {
  // A large stride has as many phases as the result has elements.
  requireRoom('transposed convolution', y.dtype, sizeOf(shape));
  const phases = shape
    .slice(1, -1)
    .map((extent, axis) => axisPhases(extent, axis, plan))
    .reduce<AxisPhase[][]>((all, own) => all.flatMap((lead) => own.map((each) => [...lead, each])), [[]]);
  const resultOf = (axes: readonly AxisPhase[]): Tensor => {
    const source = spread(
      y,
      axes.map(({ count, kernel, dilation, start }) => ({ extent: count + (kernel - 1) * dilation, start })),
    );
    const result = convolve(source, { plan: planOf(axes), places: placesOf(axes, plan.kernel) });
    if (source !== y) source.dispose();
    return result;
  };
  const meeting = phases.filter((axes) => axes.every(({ kernel }) => kernel > 0));
  if (phases.length === 1 && meeting.length === 1) return resultOf(meeting[0] as AxisPhase[]);
  const out = empty(shape, y.dtype, y.backend);
  if (out.size === 0) return out;
  if (meeting.length < phases.length) runKernel(out.backend, 'fill', [out, 0]);
  for (const axes of meeting) {
    const result = resultOf(axes);
    const target = phaseOf(out, axes, plan.stride);
    assign(target, result);
    result.dispose();
    target.dispose();
  }
  return out;
}

/**
 * Element i of the result is Σ_k y[(i + before − k·dilation) / stride]·K[k] over the k for which that is whole: for
 * i = first + stride·u every (stride / g)-th k from some on, g the greatest common divisor of dilation and stride, and
 * for each following one the element of y that lies dilation / g before.
 */
function axisPhases(extent: number, axis: number, plan: WindowPlan): AxisPhase[] {
  const [places, stride, spacing] = [plan.kernel, plan.stride, plan.dilation].map(
    (list) => list[axis] as number,
  ) as [number, number, number];
  const [before] = plan.padding[axis] as readonly [number, number];
  const divisor = greatestCommonDivisor(spacing, stride);
  const [step, dilation] = [stride / divisor, spacing / divisor];
  return Array.from({ length: Math.min(stride, extent) }, (_, first) => {
    const count = Math.ceil((extent - first) / stride);
    let k = 0;
    while (k < step && (first + before - k * spacing) % stride !== 0) k++;
    const kernel = k === step ? 0 : Math.max(0, Math.ceil((places - k) / step));
    const at = (first + before - k * spacing) / stride;
    return {
      first,
      count,
      last: k + (kernel - 1) * step,
      step,
      kernel,
      dilation,
      start: (kernel - 1) * dilation - at,
    };
  });
}

function planOf(axes: readonly AxisPhase[]): WindowPlan {
  const list = <K extends keyof AxisPhase>(name: K): AxisPhase[K][] => axes.map((axis) => axis[name]);
  return {
    kernel: list('kernel'),
    stride: axes.map(() => 1),
    dilation: list('dilation'),
    padding: axes.map(() => [0, 0] as const),
    padded: axes.map(({ count, kernel, dilation }) => count + (kernel - 1) * dilation),
    out: list('count'),
  };
}

function placesOf(axes: readonly AxisPhase[], kernel: readonly number[]): KernelPlaces {
  let size = 1;
  let first = 0;
  const steps: number[] = [];
  for (let axis = axes.length - 1; axis >= 0; axis--) {
    const { last, step } = axes[axis] as AxisPhase;
    steps.unshift(-step * size);
    first += last * size;
    size *= kernel[axis] as number;
  }
  return { first, extents: axes.map((axis) => axis.kernel), steps };
}

/** The elements of a phase in the result: a view. */
function phaseOf(out: Tensor, axes: readonly AxisPhase[], stride: readonly number[]): Tensor {
  const { shape, strides, offset } = out;
  return out.view(
    [shape[0] as number, ...axes.map(({ count }) => count), shape.at(-1) as number],
    strides.map((step, axis) => step * (stride[axis - 1] ?? 1)),
    axes.reduce((at, { first }, axis) => at + first * (strides[axis + 1] as number), offset),
  );
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
