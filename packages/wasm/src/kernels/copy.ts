import { type Kernels, sizeOf, type View } from '@funhash/tensor';
import type { Context } from '../context.ts';
import { addressOf, coalesce, contiguousAt, eachOffset, elements, isContiguousView } from '../layout.ts';

export function copyKernel({ memory, code, onReference }: Context): Kernels['copy'] {
  return (x, out) => {
    if (x.dtype === out.dtype && (x.dtype === 'f32' || x.dtype === 'i32'))
      return copyWords(code.copy, x, out);
    if (isContiguousView(x) && isContiguousView(out)) return elements(memory, out).set(elements(memory, x));
    onReference('copy', x, out);
  };
}

type Copy = (...args: number[]) => void;

/** Copies elements of four bytes between any two views of one shape. */
export function copyWords(copy: Copy, x: View, out: View): void {
  const loops = coalesce(x.shape, [out.strides, x.strides]);
  const { extents, strides } = loops;
  if (extents.includes(0)) return;
  const [to, from] = [addressOf(out), addressOf(x)];
  const outer = Math.max(0, extents.length - 4);
  const inner = (list: readonly number[], fill: number, scale: number): number[] => [
    ...new Array<number>(4 - (extents.length - outer)).fill(fill),
    ...list.slice(outer).map((value) => value * scale),
  ];
  const args = [
    ...inner(extents, 1, 1),
    ...inner(strides[0] as readonly number[], 0, 4),
    ...inner(strides[1] as readonly number[], 0, 4),
  ];
  eachOffset(loops, outer, ([toOffset, fromOffset]) => {
    copy(to + (toOffset as number) * 4, from + (fromOffset as number) * 4, ...args);
  });
}

/** The view where it is contiguous, else a contiguous copy in a temporary block, for the time of `use`; of elements of four bytes. */
export function withContiguous({ memory, code }: Context, view: View, use: (view: View) => void): void {
  if (isContiguousView(view)) use(view);
  else
    memory.withBlock(sizeOf(view.shape) * 4, (address) => {
      const copy = contiguousAt(address, view.dtype, view.shape);
      copyWords(code.copy, view, copy);
      use(copy);
    });
}
