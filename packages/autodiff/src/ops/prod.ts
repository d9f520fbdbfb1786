import type { Tensor } from '@funhash/tensor';
import { withAxesJoined } from './axis-last.ts';
import { multiply } from './pointwise.ts';
import { type ReduceOptions, reductionOf } from './reduction.ts';
import { padWith, reshape, split } from './views.ts';

/**
 * The product of elements over some axes, or all: x of any shape → the shape without these axes; 1 of no elements. The
 * gradient is right where elements are 0.
 *
 * @throws OptionError for an unknown option; ShapeError for an axis that x lacks
 */
export function prod(x: Tensor, options?: ReduceOptions): Tensor {
  const { axes, shape } = reductionOf('prod', x, options);
  let line = withAxesJoined(x, axes);
  const last = line.rank - 1;
  const width = line.shape[last] as number;
  const whole = 2 ** Math.ceil(Math.log2(Math.max(1, width)));
  if (whole > width)
    line = padWith(
      line,
      [...line.shape.keys()].map((axis) => [0, axis === last ? whole - width : 0]),
      1,
    );
  // By halves: no quotient of the product by an element, which 0 would spoil.
  for (let extent = whole; extent > 1; extent /= 2) {
    const [front, back] = split(line, 2, last) as [Tensor, Tensor];
    line = multiply(front, back);
  }
  return reshape(line, shape ?? x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent)));
}
