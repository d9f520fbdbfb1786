import { sizeOf, type View } from '@funhash/tensor';
import type { Context } from '../context.ts';
import { roundUp } from '../gemm/gemm.ts';
import { addressOf, contiguousAt } from '../layout.ts';
import type { Thread } from '../threads/thread.ts';

/**
 * Gives each part of a kernel arrays of its own to add to, because parts may add to the same elements; part 0 has
 * the arrays themselves. In the end what the others hold is added to these, in the order of the parts.
 */
export function withOwnSums(
  { memory, code, linked }: Context,
  parts: number,
  outs: readonly View[],
  use: (sumsOf: (thread: Thread, part: number) => readonly View[]) => void,
): void {
  if (parts === 1) {
    use(() => outs);
    return;
  }
  const sizes = outs.map(({ shape }) => sizeOf(shape));
  const padded = sizes.map((size) => roundUp(size, 16) + 16);
  const total = padded.reduce((sum, size) => sum + size, 0);
  const starts = padded.map((_, k) => padded.slice(0, k).reduce((sum, size) => sum + size, 0));
  memory.withBlock(total * (parts - 1) * 4 + 4, (address) => {
    const own = (part: number, k: number): number =>
      address + ((part - 1) * total + (starts[k] as number)) * 4;
    use((thread, part) => {
      if (part === 0) return outs;
      thread.functions(linked).clear(own(part, 0), total * 4);
      return outs.map(({ dtype, shape }, k) => contiguousAt(own(part, k), dtype, shape));
    });
    const row = address + total * (parts - 1) * 4;
    code.clear(row, 4);
    for (let part = 1; part < parts; part++)
      outs.forEach((out, k) => {
        code.addRows(addressOf(out), own(part, k), row, 1, sizes[k] as number);
      });
  });
}
