import type { Program } from '@funhash/formula';
import type { PlanView } from '@funhash/tensor';
import { isContiguous } from '@funhash/tensor';
import { type Operation, type OperationOf, type Product, viewsOf } from '../operations.ts';

/**
 * Takes into products what is done to their results at once: functions of an element, and those of several elements of one
 * channel, such as the largest of a window. What lies in between is then never in memory.
 */
export function fused(operations: readonly Operation[], output: PlanView): readonly Operation[] {
  const done: Operation[] = [];
  for (const operation of operations) {
    const before = done.at(-1);
    const merged =
      operation.kind === 'map' &&
      before?.kind === 'product' &&
      isLastUse(before, operation, operations, output)
        ? (withInner(before, operation) ?? withOuter(before, operation))
        : undefined;
    if (merged) done[done.length - 1] = merged;
    else done.push(operation);
  }
  return done;
}

/** Whether nothing but an operation reads what a product gives. */
function isLastUse(
  { out }: Product,
  reader: Operation,
  operations: readonly Operation[],
  output: PlanView,
): boolean {
  const touches = operations.filter((other) => {
    const { reads, writes } = viewsOf(other);
    return [...reads, ...writes].some(({ buffer }) => buffer === out.buffer);
  });
  return out.buffer !== output.buffer && touches.length <= 2 && touches.includes(reader);
}

/** A product whose results go through a function of one element, with other operands at the same place. */
function withInner(product: Product, { program, inputs, outs }: OperationOf<'map'>): Product | undefined {
  const [out, ...more] = outs;
  if (!out || more.length > 0 || product.outer || program.outputs.length !== 1) return undefined;
  if (!isWhole(product, out) || inputs.filter(({ buffer }) => buffer === product.out.buffer).length !== 1)
    return undefined;
  const operands = inputs.map((view) => (view.buffer === product.out.buffer ? null : view));
  const own = inputs.find(({ buffer }) => buffer === product.out.buffer) as PlanView;
  if (!isSameView(own, product.out)) return undefined;
  return { ...product, inner: [...product.inner, { program, operands }], out };
}

const isWhole = ({ out }: Product, other: PlanView): boolean =>
  other.shape.join() === out.shape.join() && isContiguous(other.shape, other.strides);

const isSameView = (a: PlanView, b: PlanView): boolean =>
  a.offset === b.offset && a.shape.join() === b.shape.join() && sameStrides(a, b);

const sameStrides = (a: PlanView, b: PlanView): boolean =>
  a.strides.every((stride, axis) => (a.shape[axis] as number) <= 1 || stride === b.strides[axis]);

/** A product at several places of x at once, whose results one function takes together. */
function withOuter(product: Product, { program, inputs, outs }: OperationOf<'map'>): Product | undefined {
  const [out, ...more] = outs;
  const [x] = product.xs;
  if (!out || !x || more.length > 0 || product.outer || product.xs.length > 1) return undefined;
  if (program.outputs.length !== 1 || !isContiguous(out.shape, out.strides)) return undefined;
  // What other operands hold at a row is not at the row of another place.
  if (product.inner.some(({ operands }) => operands.some((each) => each && hasRows(each)))) return undefined;
  const { rowAxes } = product;
  if (rowAxes !== out.shape.length - 1) return undefined;
  const xs = inputs.map((view) => placeOf(product, x, view, out));
  if (xs.some((view) => view === undefined)) return undefined;
  const outerFirst =
    hasOnly(program, 'maximum') && product.inner.every((each) => hasOnly(each.program, 'relu'));
  return { ...product, xs: xs as PlanView[], outer: program, outerFirst, out };
}

/** Whether a program does nothing to its inputs but one operation. */
export const hasOnly = ({ nodes }: Program, operation: 'maximum' | 'relu'): boolean =>
  nodes.every(({ op }) => op === 'input' || op === operation);

const hasRows = ({ strides, shape }: PlanView): boolean =>
  strides.slice(0, -1).some((stride, axis) => stride !== 0 && (shape[axis] as number) > 1);

/** The view of x whose products are what a view of the results shows. */
function placeOf(
  { out: whole, rowAxes }: Product,
  x: PlanView,
  view: PlanView,
  out: PlanView,
): PlanView | undefined {
  const width = whole.shape.at(-1) as number;
  const rank = rowAxes + 1;
  if (view.buffer !== whole.buffer || view.shape.length !== rank || out.shape.length !== rank)
    return undefined;
  if (view.shape.at(-1) !== width || (width > 1 && view.strides.at(-1) !== 1)) return undefined;
  let rest = view.offset - whole.offset;
  let offset = x.offset;
  const strides: number[] = [];
  for (let axis = 0; axis < rowAxes; axis++) {
    const unit = whole.strides[axis] as number;
    const extent = view.shape[axis] as number;
    const step = extent > 1 ? (view.strides[axis] as number) / unit : 0;
    const start = unit > 0 ? Math.floor(rest / unit) : 0;
    rest -= start * unit;
    const isInside = start + step * (extent - 1) < (whole.shape[axis] as number);
    if (!Number.isInteger(step) || step < 0 || start < 0 || !isInside) return undefined;
    offset += start * (x.strides[axis] as number);
    strides.push(step * (x.strides[axis] as number));
  }
  if (rest !== 0) return undefined;
  return {
    buffer: x.buffer,
    offset,
    shape: [...view.shape.slice(0, rowAxes), ...x.shape.slice(rowAxes)],
    strides: [...strides, ...x.strides.slice(rowAxes)],
  };
}
