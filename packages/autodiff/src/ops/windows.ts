import { checkOptions } from '@funhash/hashing';
import {
  assign,
  checkShape,
  empty,
  requireTensor,
  runKernel,
  type Shape,
  ShapeError,
  sameShape,
  shapeText,
  sizeOf,
  type Tensor,
} from '@funhash/tensor';
import { recorded } from '../tape.ts';
import { add } from './pointwise.ts';
import { planWindows, type WindowOptions, type WindowPlan, windowRules } from './window-plan.ts';

/**
 * x [B, ...spatial, C] → [B, ...out, ...kernel, C]: every window on x, on the memory of x. Windows overlap there: a
 * copy is larger than x by the number of elements of the kernel.
 *
 * @throws ShapeError where the kernel is larger than x; OptionError for an unknown option
 */
export function windows(x: Tensor, options: WindowOptions): Tensor {
  requireTensor('windows', x);
  checkOptions('windows', windowRules, options);
  return windowsBy(x, planWindows('windows', x.shape, options));
}

function windowsBy(x: Tensor, plan: WindowPlan): Tensor {
  return recorded([x], windowsOf(x, plan), (g) => [overlapAddBy(g, x.shape, plan)]);
}

/**
 * The adjoint of `windows`: x [B, ...out, ...kernel, C] → [B, ...spatial, C] = `shape`, where each element is the sum
 * of all window elements that lie on it.
 *
 * @throws ShapeError where x is not of windows on `shape`; OptionError for an unknown option
 */
export function overlapAdd(x: Tensor, shape: Shape, options: WindowOptions): Tensor {
  requireTensor('overlapAdd', x);
  checkShape(shape, 'overlapAdd');
  checkOptions('overlapAdd', windowRules, options);
  const plan = planWindows('overlapAdd', shape, options);
  const expected = [shape[0] as number, ...plan.out, ...plan.kernel, shape.at(-1) as number];
  if (!sameShape(x.shape, expected))
    throw new ShapeError({
      operation: 'overlapAdd',
      expected: `windows of shape ${shapeText(expected)} on ${shapeText(shape)}`,
      actual: shapeText(x.shape),
    });
  return overlapAddBy(x, shape, plan);
}

/** `overlapAdd` by a plan without padding. */
export function overlapAddBy(x: Tensor, shape: Shape, plan: WindowPlan): Tensor {
  const output = addPieces(pieceViews(x, plan), shape, plan);
  return recorded([x], output, (g) => [windowsBy(g, plan)]);
}

/** A view of the windows on x, not recorded. */
export function windowsOf(x: Tensor, { kernel, stride, dilation, out }: WindowPlan): Tensor {
  const [batch, channels] = [x.shape[0] as number, x.shape.at(-1) as number];
  const spatial = x.strides.slice(1, -1);
  return x.view(
    [batch, ...out, ...kernel, channels],
    [
      x.strides[0] as number,
      ...spatial.map((step, axis) => step * (stride[axis] as number)),
      ...spatial.map((step, axis) => step * (dilation[axis] as number)),
      x.strides.at(-1) as number,
    ],
    x.offset,
  );
}

/** The elements of all windows at each place in the kernel: views [B, ...out, C], in row-major order. */
export function piecesOf(x: Tensor, plan: WindowPlan): Tensor[] {
  const all = windowsOf(x, plan);
  const pieces = pieceViews(all, plan);
  all.dispose();
  return pieces;
}

function pieceViews(all: Tensor, { kernel }: WindowPlan): Tensor[] {
  const axes = kernel.length;
  const strides = all.strides.slice(1 + axes, -1);
  const shape = all.shape.toSpliced(1 + axes, axes);
  const kept = all.strides.toSpliced(1 + axes, axes);
  // A piece without elements begins where all do: its place may lie behind the end of the memory.
  const steps = all.size === 0 ? strides.map(() => 0) : strides;
  return placesIn(kernel).map((place) =>
    all.view(
      shape,
      kept,
      place.reduce((at, k, axis) => at + k * (steps[axis] as number), all.offset),
    ),
  );
}

/** All places in a kernel, in row-major order. */
function placesIn(kernel: readonly number[]): number[][] {
  return kernel.reduce<number[][]>(
    (places, extent) => places.flatMap((place) => Array.from({ length: extent }, (_, k) => [...place, k])),
    [[]],
  );
}

/**
 * Zeros of `shape` to which the pieces [B, ...out, C] are added where their windows lie. Pieces that never meet are
 * copied side by side; the layers of them are then added up.
 */
export function addPieces(pieces: readonly Tensor[], shape: Shape, plan: WindowPlan): Tensor {
  const places = placesIn(plan.kernel);
  const layers = new Map<string, number[]>();
  places.forEach((place, k) => {
    const layer = place.map((at, axis) => layerOf(at, axis, plan)).join();
    layers.set(layer, [...(layers.get(layer) ?? []), k]);
  });
  let total: Tensor | undefined;
  for (const members of layers.values()) {
    const layer = emptyLayer(pieces, members, shape);
    const slots = piecesOf(layer, plan);
    for (const k of members) assign(slots[k] as Tensor, pieces[k] as Tensor);
    for (const slot of slots) slot.dispose();
    if (!total) {
      total = layer;
      continue;
    }
    const sum = add(total, layer);
    total.dispose();
    layer.dispose();
    total = sum;
  }
  return total as Tensor;
}

// Along one axis two elements of a window meet the same input only if their distance is a multiple of the stride: a
// layer takes one of them.
function layerOf(at: number, axis: number, { stride, dilation }: WindowPlan): number {
  const [step, spread] = [stride[axis] as number, dilation[axis] as number];
  let before = 0;
  for (let other = 0; other < at; other++) if (((at - other) * spread) % step === 0) before++;
  return before;
}

function emptyLayer(pieces: readonly Tensor[], members: readonly number[], shape: Shape): Tensor {
  const [first] = pieces as [Tensor, ...Tensor[]];
  const layer = empty(shape, first.dtype, first.backend);
  // Members that never meet and are as many elements as the layer cover it.
  if (members.length * first.size < sizeOf(shape)) runKernel(layer.backend, 'fill', [layer, 0]);
  return layer;
}
