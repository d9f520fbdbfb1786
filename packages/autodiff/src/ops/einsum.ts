import { ArgumentError, shownValue } from '@funhash/hashing';
import {
  assign,
  contiguousStrides,
  empty,
  runKernel,
  type Shape,
  ShapeError,
  sizeOf,
  Tensor,
} from '@funhash/tensor';
import { recorded } from '../tape.ts';
import { batchProduct } from './matmul.ts';
import { multiply } from './pointwise.ts';
import { broadcastTo, reshape, sumOver, transpose } from './views.ts';

/** A tensor whose axes have names: letters, or numbers from the last for what an ellipsis stands for. */
interface Named {
  readonly x: Tensor;
  readonly axes: readonly string[];
}

/**
 * Sums of products by the names of axes (Einstein's convention), as NumPy's and PyTorch's `einsum`:
 * `einsum('bij,bjk->bik', a, b)` are products of matrices, `einsum('ii->i', a)` is a diagonal. An axis is named by a letter;
 * one that the result lacks is summed over; `...` stands for all further axes, which broadcast, as extents of 1 do. Without
 * `->` the result has the names that stand once, in the order of letters. Operands are multiplied from left to right, by
 * `matmul` where an axis is summed over.
 *
 * @throws ArgumentError for an equation that cannot be read or has another number of operands; ShapeError where extents of
 * one name differ
 */
export function einsum(equation: string, ...operands: readonly Tensor[]): Tensor {
  const { inputs, output } = parsed(equation, operands);
  const named = operands.map((x, k) => ofDistinctAxes({ x, axes: axesOf(equation, inputs[k] as string, x) }));
  const extents = extentsOf(equation, named);
  const result = outputAxes(equation, output, inputs, extents);
  const [first, ...rest] = named as [Named, ...Named[]];
  const isNeeded = (axis: string, after: number): boolean =>
    result.includes(axis) || rest.slice(after).some(({ axes }) => axes.includes(axis));
  const whole = rest.reduce(
    (left, right, k) => product(left, right, extents, (axis) => isNeeded(axis, k + 1)),
    first,
  );
  const { x, axes } = summed(whole, (axis) => result.includes(axis));
  return transposed(
    x,
    result.map((axis) => axes.indexOf(axis)),
  );
}

function refuse(equation: unknown, expected: string): never {
  throw new ArgumentError({ operation: 'einsum', expected, actual: shownValue(equation) });
}

function parsed(
  equation: string,
  operands: readonly Tensor[],
): { readonly inputs: readonly string[]; readonly output: string | undefined } {
  const text = typeof equation === 'string' ? equation.replaceAll(' ', '') : '';
  const part = '(?:[a-zA-Z]*(?:\\.\\.\\.)?[a-zA-Z]*)';
  if (!new RegExp(`^${part}(?:,${part})*(?:->${part})?$`).test(text) || typeof equation !== 'string')
    refuse(equation, "names of axes as 'ij,jk->ik': letters, and at most one ... for each operand");
  const [left, output] = text.split('->') as [string, string | undefined];
  const inputs = left.split(',');
  if (inputs.length !== operands.length || !operands.every((x) => x instanceof Tensor))
    throw new ArgumentError({
      operation: 'einsum',
      expected: `${inputs.length} tensors for ${shownValue(equation)}`,
      actual: operands.map(String).join(' and ') || 'none',
    });
  return { inputs, output };
}

const ellipsis = '...';

/** The names of the axes of an operand, an ellipsis counted from its end: '0' is its last axis. */
function axesOf(equation: string, names: string, x: Tensor): string[] {
  const [before, after] = names.split(ellipsis) as [string, string | undefined];
  const count = x.rank - before.length - (after ?? '').length;
  if (count < 0 || (after === undefined && count > 0))
    throw new ShapeError({
      operation: 'einsum',
      expected: `an operand with axes ${names} in ${shownValue(equation)}`,
      actual: String(x),
    });
  return [...before, ...Array.from({ length: count }, (_, k) => String(count - 1 - k)), ...(after ?? '')];
}

/** An operand with a name twice as its diagonal, which has it once. */
function ofDistinctAxes({ x, axes }: Named): Named {
  const distinct = [...new Set(axes)];
  if (distinct.length === axes.length) return { x, axes };
  const shape = distinct.map((name) => {
    const extents = axes.flatMap((axis, k) => (axis === name ? [x.shape[k] as number] : []));
    if (extents.some((extent) => extent !== extents[0]))
      throw new ShapeError({
        operation: 'einsum',
        expected: `equal extents of the axes ${name} of one operand`,
        actual: String(x),
      });
    return extents[0] as number;
  });
  return {
    x: diagonal(
      x,
      shape,
      axes.map((axis) => distinct.indexOf(axis)),
    ),
    axes: distinct,
  };
}

/** x where all its axes with one target have one place: `targets[k]` is the axis of the result that axis k goes along with. */
function diagonal(x: Tensor, shape: Shape, targets: readonly number[]): Tensor {
  return recorded([x], diagonalView(x, shape, targets), (g) => [onDiagonal(g, x.shape, targets)]);
}

function onDiagonal(x: Tensor, shape: Shape, targets: readonly number[]): Tensor {
  const out = empty(shape, x.dtype, x.backend, 'einsum');
  runKernel(out.backend, 'fill', [out, 0]);
  const slots = diagonalView(out, x.shape, targets);
  assign(slots, x);
  slots.dispose();
  return recorded([x], out, (g) => [diagonal(g, x.shape, targets)]);
}

function diagonalView(x: Tensor, shape: Shape, targets: readonly number[]): Tensor {
  const strides = sizeOf(x.shape) === 0 ? contiguousStrides(x.shape) : x.strides;
  return x.view(
    shape,
    shape.map((_, target) =>
      strides.reduce((sum, stride, k) => sum + (targets[k] === target ? stride : 0), 0),
    ),
    x.offset,
  );
}

function extentsOf(equation: string, named: readonly Named[]): Map<string, number> {
  const extents = new Map<string, number>();
  for (const { x, axes } of named)
    axes.forEach((axis, k) => {
      const [extent, known = 1] = [x.shape[k] as number, extents.get(axis)];
      if (extent !== known && extent !== 1 && known !== 1)
        throw new ShapeError({
          operation: 'einsum',
          expected: `one extent of each axis of ${shownValue(equation)}`,
          actual: named.map((each) => String(each.x)).join(' and '),
        });
      extents.set(axis, extent === 1 ? known : extent);
    });
  return extents;
}

const isLetter = (axis: string): boolean => !/^\d/.test(axis);

function outputAxes(
  equation: string,
  output: string | undefined,
  inputs: readonly string[],
  extents: ReadonlyMap<string, number>,
): string[] {
  const further = [...extents.keys()].filter((axis) => !isLetter(axis)).sort((a, b) => Number(b) - Number(a));
  if (output === undefined) {
    const all = inputs.join('').replaceAll('.', '');
    const once = [...all].filter((axis) => all.indexOf(axis) === all.lastIndexOf(axis));
    return [...further, ...once.sort()];
  }
  const letters = [...output.replace(ellipsis, '')];
  if (new Set(letters).size !== letters.length || letters.some((axis) => !extents.has(axis)))
    refuse(equation, 'names in the result that differ and that operands have');
  const [before, after] = output.split(ellipsis) as [string, string | undefined];
  return after === undefined ? letters : [...before, ...further, ...after];
}

/** x summed over the axes that nothing needs any more. */
function summed({ x, axes }: Named, isNeeded: (axis: string) => boolean): Named {
  const gone = axes.flatMap((axis, k) => (isNeeded(axis) ? [] : [k]));
  if (gone.length === 0) return { x, axes };
  const isKept = (_: unknown, k: number): boolean => !gone.includes(k);
  return { x: sumOver(x, gone, x.shape.filter(isKept)), axes: axes.filter(isKept) };
}

/** The product of two operands, summed over what both have and nothing behind them needs. */
function product(
  left: Named,
  right: Named,
  extents: ReadonlyMap<string, number>,
  isNeeded: (axis: string) => boolean,
): Named {
  const a = summed(left, (axis) => isNeeded(axis) || right.axes.includes(axis));
  const b = summed(right, (axis) => isNeeded(axis) || left.axes.includes(axis));
  const common = a.axes.filter((axis) => b.axes.includes(axis));
  const [batch, folded] = [common.filter(isNeeded), common.filter((axis) => !isNeeded(axis))];
  const [rows, cols] = [a, b].map(({ axes }) => axes.filter((axis) => !common.includes(axis))) as [
    string[],
    string[],
  ];
  const [x, y] = [matrix(a, batch, rows, folded, extents), matrix(b, batch, folded, cols, extents)];
  const z = folded.length === 0 ? multiply(x, y) : batchProduct(x, y, {});
  const shape = [...rows, ...cols].map((axis) => extents.get(axis) as number);
  return { x: reshape(z, [...z.shape.slice(0, -2), ...shape]), axes: [...batch, ...rows, ...cols] };
}

/** An operand as [...batch, rows, cols], each of the latter several axes in one. */
function matrix(
  { x, axes }: Named,
  batch: readonly string[],
  rows: readonly string[],
  cols: readonly string[],
  extents: ReadonlyMap<string, number>,
): Tensor {
  const ordered = transposed(
    x,
    [...batch, ...rows, ...cols].map((axis) => axes.indexOf(axis)),
  );
  const full = (names: readonly string[]): number[] => names.map((axis) => extents.get(axis) as number);
  // The product broadcasts the batch; sums need all elements of both operands.
  const lead = ordered.shape.slice(0, batch.length);
  const spread = broadcastTo(ordered, [...lead, ...full(rows), ...full(cols)]);
  return reshape(spread, [...lead, sizeOf(full(rows)), sizeOf(full(cols))]);
}

const transposed = (x: Tensor, order: readonly number[]): Tensor =>
  order.every((axis, k) => axis === k) ? x : transpose(x, order);
