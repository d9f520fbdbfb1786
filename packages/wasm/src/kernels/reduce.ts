import { type Kernels, sizeOf, type View } from '@funhash/tensor';
import type { Context } from '../context.ts';
import { addressOf, contiguousAt, elements } from '../layout.ts';
import type { Thread } from '../threads/thread.ts';
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

/** About what it takes to reduce an element. */
const elementNs = 0.25;

/** Elements [outer, count, inner], of which the middle axis is reduced. */
interface Pass {
  readonly from: number;
  readonly to: number;
  readonly outer: number;
  readonly count: number;
  readonly inner: number;
}

/** Reduces the groups of axes from the innermost to the outermost, one pass each. */
export function reduceKernel(context: Context): Kernels['reduce'] {
  const { memory, threads, code, linked, onReference } = context;
  const on = (thread: Thread, op: keyof typeof identity, { from, to, outer, count, inner }: Pass): void => {
    const functions = thread.functions(linked);
    if (inner === 1) functions[`${op}Rows`](from, to, outer, count);
    else if (inner < strip && count % strip === 0)
      // Few neighbours leave vectors empty: first those of each eighth row are reduced, all at once.
      thread.withBlock(outer * strip * inner * 4, (eighths) => {
        functions[op](from, eighths, outer, count / strip, strip * inner);
        functions[op](eighths, to, outer, strip, inner);
      });
    else functions[op](from, to, outer, count, inner);
  };
  const inParts = (op: keyof typeof identity, pass: Pass): void => {
    const { from, to, outer, count, inner } = pass;
    const nanoseconds = outer * count * inner * elementNs;
    if (outer > 1) {
      threads.split(threads.partsOf(nanoseconds, outer), outer, 1, (thread, first, rows) => {
        const [own, place] = [from + first * count * inner * 4, to + first * inner * 4];
        on(thread, op, { from: own, to: place, outer: rows, count, inner });
      });
      return;
    }
    const parts = threads.partsOf(nanoseconds, Math.ceil(count / strip), 'sums');
    if (parts === 1) on(threads.here, op, pass);
    // Each share has results of its own, which are reduced in the end.
    else
      memory.withBlock(parts * inner * 4, (results) => {
        threads.split(parts, count, strip, (thread, first, rows, part) => {
          const [own, place] = [from + first * inner * 4, results + part * inner * 4];
          on(thread, op, { from: own, to: place, outer: 1, count: rows, inner });
        });
        code[op](results, to, 1, parts, inner);
      });
  };
  const pass = (
    op: keyof typeof identity,
    from: number,
    to: number,
    groups: readonly Group[],
    at: number,
  ): void => {
    const extent = (list: readonly Group[]): number => list.reduce((size, group) => size * group.extent, 1);
    const [outer, inner] = [extent(groups.slice(0, at)), extent(groups.slice(at + 1))];
    inParts(op, { from, to, outer, count: (groups[at] as Group).extent, inner });
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
