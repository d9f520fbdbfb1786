import { type Kernels, sizeOf, type View } from '@funhash/tensor';
import type { Context } from '../context.ts';
import { addressOf, contiguousAt, elements } from '../layout.ts';
import { copyWords, withContiguous } from './copy.ts';

const strip = 8;

const identity = { sum: 0, max: Number.NEGATIVE_INFINITY, min: Number.POSITIVE_INFINITY } as const;

/** Neighbouring axes that are all kept or all reduced, joined. */
interface Group {
  readonly extent: number;
  readonly reduced: boolean;
}

function groupsOf(x: View, out: View): Group[] {
  const groups: Group[] = [];
  x.shape.forEach((extent, axis) => {
    if (extent === 1) return;
    const reduced = out.shape[axis] === 1;
    const last = groups.at(-1);
    if (last?.reduced === reduced) groups[groups.length - 1] = { extent: last.extent * extent, reduced };
    else groups.push({ extent, reduced });
  });
  return groups;
}

/** Reduces the groups of axes from the innermost to the outermost, one pass each. */
export function reduceKernel(context: Context): Kernels['reduce'] {
  const { memory, code, onReference } = context;
  const pass = (
    op: keyof typeof identity,
    from: number,
    to: number,
    groups: readonly Group[],
    at: number,
  ): void => {
    const extent = (list: readonly Group[]): number => list.reduce((size, group) => size * group.extent, 1);
    const [outer, inner] = [extent(groups.slice(0, at)), extent(groups.slice(at + 1))];
    const { extent: count } = groups[at] as Group;
    if (inner === 1) code[`${op}Rows`](from, to, outer, count);
    else if (inner < strip && count % strip === 0)
      // Few neighbours leave vectors empty: first those of each eighth row are reduced, all at once.
      memory.withBlock(outer * strip * inner * 4, (eighths) => {
        code[op](from, eighths, outer, count / strip, strip * inner);
        code[op](eighths, to, outer, strip, inner);
      });
    else code[op](from, to, outer, count, inner);
  };
  return (op, x, out) => {
    if (x.dtype !== 'f32') return onReference('reduce', [op, x, out]);
    if (x.shape.includes(0)) return void elements(memory, out).fill(identity[op]);
    const groups = groupsOf(x, out);
    const step = (from: number, left: readonly Group[]): void => {
      const at = left.findLastIndex(({ reduced }) => reduced);
      const rest = left.filter((_, k) => k !== at);
      if (rest.some(({ reduced }) => reduced)) {
        const size = rest.reduce((product, { extent }) => product * extent, 1);
        memory.withBlock(size * 4, (to) => {
          pass(op, from, to, left, at);
          step(to, rest);
        });
      } else pass(op, from, addressOf(out), left, at);
    };
    withContiguous(context, x, (source) => {
      if (groups.some(({ reduced }) => reduced)) step(addressOf(source), groups);
      else copyWords(code.copy, source, contiguousAt(addressOf(out), 'f32', source.shape));
    });
  };
}

/** Number of leading rows and length of the last axis. */
export function rowsOf(x: View): [rows: number, width: number] {
  return [sizeOf(x.shape.slice(0, -1)), x.shape.at(-1) as number];
}
