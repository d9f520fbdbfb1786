import { ArgumentError } from '@funhash/hashing';
import { empty } from './create.ts';
import { DTypeError, ShapeError } from './errors.ts';
import { backendOf, floatTypeOf, requireShape } from './operands.ts';
import { runKernel } from './run-kernel.ts';
import { shapeText, sizeOf } from './shape.ts';
import type { Tensor } from './tensor.ts';

/** Checked calls of the kernels on packed signs: see `dispatch.ts` and `Kernels`. */

/** The most elements in a row of packed signs, planes weighed: beyond, a product is no exact f32. */
const mostDepth = 2 ** 24;

/** Words that hold so many signs. For kernels of convolutions a row is several runs, each of whole words. */
export const signWords = (count: number): number => Math.ceil(count / 32);

/** The bounds at which signs change, by channel: see `SignBounds`. */
export interface SignBoundTensors {
  /** f32 [N] */
  readonly least: Tensor;
  /** Packed signs [⌈N/32⌉]. */
  readonly below: Tensor;
}

function requireBounds(operation: string, { least, below }: SignBoundTensors, channels: number): void {
  requireShape(operation, least, [channels], 'least values');
  requireShape(operation, below, [signWords(channels)], 'packed signs');
  if (least.dtype !== 'f32' || below.dtype !== 'i32')
    throw new DTypeError({
      operation,
      expected: 'least values of dtype f32, packed signs of dtype i32',
      actual: `${least} and ${below}`,
    });
}

const contiguousBounds = ({ least, below }: SignBoundTensors): SignBoundTensors => ({
  least: least.contiguous(),
  below: below.contiguous(),
});

/** x [..., N] → i32 [..., ⌈N/32⌉], a bit for each sign: 1 where x ≥ 0 (−0 too), or as the bounds say. */
export function runPackSigns(x: Tensor, bounds?: SignBoundTensors): Tensor {
  const operation = 'packSigns';
  floatTypeOf(operation, [x]);
  const channels = x.shape.at(-1);
  if (channels === undefined)
    throw new ShapeError({ operation, expected: 'at least one axis', actual: '[]' });
  if (bounds) requireBounds(operation, bounds, channels);
  const backend = backendOf(operation, bounds ? [x, bounds.least, bounds.below] : [x]);
  const out = empty([...x.shape.slice(0, -1), signWords(channels)], 'i32', backend);
  runKernel(backend, 'packSigns', [x, out, bounds && contiguousBounds(bounds)]);
  return out;
}

export interface SignMatmulOptions {
  /** Leading axes of a that are rows; the others are P planes of W words. Default all but the last. */
  readonly rowAxes?: number | undefined;
  /** Gives the packed signs of the product instead of the product. */
  readonly bounds?: SignBoundTensors | undefined;
}

/**
 * The exact product of packed signs: a [...rows, P·W] · b [N, W] of `depth` elements ±1 → f32 [...rows, N], or, under
 * bounds, packed signs [...rows, ⌈N/32⌉]. Operands are packed by `runPackSigns`.
 *
 * @throws ShapeError unless a row of a is P rows of b
 */
export function runSignMatmul(
  a: Tensor,
  b: Tensor,
  depth: number,
  { rowAxes = a.rank - 1, bounds }: SignMatmulOptions = {},
): Tensor {
  const operation = 'signMatmul';
  if (a.dtype !== 'i32' || b.dtype !== 'i32')
    throw new DTypeError({ operation, expected: 'packed signs of dtype i32', actual: `${a} and ${b}` });
  const [channels, words] = b.shape as [number, number];
  const columns = sizeOf(a.shape.slice(rowAxes));
  const planes = words === 0 && columns === 0 ? 1 : columns / words;
  if (b.rank !== 2 || rowAxes < 1 || rowAxes >= a.rank || !(Number.isInteger(planes) && planes >= 1))
    throw new ShapeError({
      operation,
      expected: 'packed signs [...rows, P·W] and [N, W]',
      actual: `${shapeText(a.shape)} with ${rowAxes} row axes and ${shapeText(b.shape)}`,
    });
  if (!(Number.isInteger(depth) && depth >= 0 && depth <= 32 * words) || 2 ** planes * depth > mostDepth)
    throw new ArgumentError({
      operation,
      expected: `at most ${32 * words} elements in ${words} words, and ${mostDepth} with the weights of all planes`,
      actual: `${depth}, of ${planes} planes`,
    });
  if (bounds) requireBounds(operation, bounds, channels);
  const backend = backendOf(operation, bounds ? [a, b, bounds.least, bounds.below] : [a, b]);
  const lead = a.shape.slice(0, rowAxes);
  const out = bounds
    ? empty([...lead, signWords(channels)], 'i32', backend)
    : empty([...lead, channels], 'f32', backend);
  runKernel(backend, 'signMatmul', [a, b.contiguous(), depth, out, bounds && contiguousBounds(bounds)]);
  return out;
}
