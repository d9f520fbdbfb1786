import type { DType } from '../dtype.ts';
import { sizeOf } from '../shape.ts';
import { isPlanView, outArgument, type Plan, type PlanArgument, type PlanView, viewsIn } from './plan.ts';

/** Refuses a plan: what was expected, and what was found. */
export type PlanRefusal = (expected: string, actual: unknown) => never;

/** A view of a plan with the dtype of its buffer. */
export interface TypedView extends PlanView {
  readonly dtype: DType;
}

/** A view that lies within its buffer. */
export function checkedView(plan: Plan, argument: PlanArgument, refuse: PlanRefusal): TypedView {
  if (typeof argument !== 'object' || argument === null || !isPlanView(argument))
    return refuse('a view', argument);
  const { buffer, shape, strides, offset } = argument;
  const own = Number.isInteger(buffer) ? plan.buffers[buffer] : undefined;
  if (!own) return refuse('the number of a buffer', buffer);
  const lists =
    Array.isArray(shape) && Array.isArray(strides) && shape.length === strides.length && shape.length <= 16;
  const numbers = lists ? [...shape, ...strides, offset] : [];
  const fits = lists && numbers.every(Number.isSafeInteger) && shape.every((extent) => extent >= 0);
  if (!fits || sizeOf(shape) > 2 ** 32)
    return refuse('whole numbers for the shape, strides and offset of a view', offset);
  const reach = (sign: 1 | -1): number =>
    shape.reduce((sum, extent, k) => sum + Math.max(0, sign * (strides[k] as number)) * (extent - 1), 0);
  const isNothing = shape.includes(0);
  const [least, largest] = isNothing ? [offset, offset - 1] : [offset - reach(-1), offset + reach(1)];
  if (least < 0 || largest >= own.length) refuse(`a view within ${own.length} elements`, offset);
  return { buffer, shape, strides, offset, dtype: own.dtype };
}

/**
 * Checks of a plan from outside what plain loops over typed arrays need so that nothing is read or written but its own memory,
 * which is as large as it says: views, and the names of kernels.
 */
export function checkViews(plan: Plan, refuse: PlanRefusal): void {
  for (const { kernel, args } of plan.calls) {
    if (!Object.hasOwn(outArgument, kernel)) refuse('a known kernel', kernel);
    for (const view of viewsIn(args)) checkedView(plan, view, refuse);
  }
  for (const view of Object.values(plan.outputs)) checkedView(plan, view, refuse);
}
