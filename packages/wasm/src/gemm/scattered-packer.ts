import { eachOffset, type Loops } from '../layout.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import type { Linked, Thread } from '../threads/thread.ts';
import type { Threads } from '../threads/threads.ts';
import { tileCols } from './micro-kernel.ts';
import { columnPackers, mostRuns, rowAddresses, rowPacker } from './pack-scattered.ts';
import { type ColumnRun, runsBetween, type Scattered } from './scattered.ts';

export type Side = 'left' | 'right';

/** Packs rows [row, row + rows), their columns [from, from + count). */
export type PackRows = (to: number, row: number, rows: number, from: number, count: number) => void;

/** Packs columns over the rows [from, from + depth). */
export type PackColumns = (to: number, from: number, depth: number) => void;

type Names = 'packRows' | 'rowAddresses' | `${Side}${'1' | '2' | '3' | 'Any'}`;

/** Panels of scattered matrices. */
export class ScatteredPacker {
  readonly #memory: LinearMemory;
  readonly #code: () => Linked<Names>;
  readonly #zeros: number;
  readonly #widths: Readonly<Record<Side, number>>;

  /** @param zeros the address of 16 bytes of zeros */
  constructor(memory: LinearMemory, threads: Threads, stripRows: number, zeros: number) {
    this.#memory = memory;
    this.#zeros = zeros;
    this.#widths = { left: stripRows, right: tileCols };
    this.#code = threads.linkLater((module) => {
      rowPacker(module, stripRows);
      rowAddresses(module);
      for (const side of ['left', 'right'] as const) columnPackers(module, side, this.#widths[side]);
    });
  }

  /** Writes the addresses of rows that lie in nested loops (strides in elements), at once. */
  writeRows(to: number, address: number, { extents, strides }: Loops): void {
    const { rowAddresses } = this.#code().here;
    const outer = Math.max(0, extents.length - 3);
    const steps = strides[0] as readonly number[];
    const missing = new Array<number>(3 - (extents.length - outer));
    const inner = [...missing.fill(1), ...extents.slice(outer)];
    const innerSteps = [...missing.fill(0), ...steps.slice(outer).map((step) => step * 4)];
    const rows = inner.reduce((size, extent) => size * extent, 1);
    let at = to;
    eachOffset({ extents, strides }, outer, ([offset]) => {
      rowAddresses(at, address + (offset as number) * 4, ...inner, ...innerSteps);
      at += rows * 4;
    });
  }

  /** Bytes of the table that `rows` takes. */
  tableBytes({ runs }: Scattered, depth: number, step: number): number {
    return (runs.length + Math.ceil(depth / step)) * 8;
  }

  /** @param step columns are packed in blocks of this many, the last one smaller */
  rows(thread: Thread, { rows, runs }: Scattered, table: number, depth: number, step: number): PackRows {
    const starts: number[] = [0];
    const words: number[] = [];
    for (let from = 0; from < depth; from += step) {
      const block = runsBetween(runs, from, Math.min(step, depth - from));
      for (const { offset, count } of block) words.push(offset, count);
      starts.push(words.length);
    }
    const place = this.#memory.trace?.lasting(words.length * 4) ?? table;
    this.#memory.i32.set(words, place / 4);
    const { packRows } = thread.functions(this.#code());
    return (to, row, count, from) => {
      const block = from / step;
      const [start, end] = [starts[block] as number, starts[block + 1] as number];
      packRows(to, rows + row * 4, count, place + start * 4, (end - start) / 2, this.#zeros);
    };
  }

  /** The columns [first, first + count) as the vectors of a panel. */
  columns(thread: Thread, { rows, runs }: Scattered, side: Side, first: number, count: number): PackColumns {
    const functions = thread.functions(this.#code());
    const width = this.#widths[side];
    const strips: ((to: number, rows: number, depth: number) => void)[] = [];
    for (let col = 0; col < count; col += width) {
      const columns = Math.min(width, count - col);
      const parts = runsBetween(runs, first + col, columns);
      const form = parts.length <= mostRuns ? (String(parts.length) as '1' | '2' | '3') : 'Any';
      const args = form === 'Any' ? columnOffsets(parts, width) : stripArguments(parts);
      const pack = functions[`${side}${form}`];
      strips.push((to, from, depth) => pack(to, from, depth, columns, ...args));
    }
    return (to, from, depth) => {
      strips.forEach((pack, k) => {
        pack(to + k * width * depth * 4, rows + from * 4, depth);
      });
    };
  }
}

// The offsets of runs as if each began with column 0 of the strip, and where all but the last end.
function stripArguments(parts: readonly ColumnRun[]): number[] {
  const offsets: number[] = [];
  const ends: number[] = [];
  let column = 0;
  for (const { offset, count } of parts) {
    offsets.push(offset - column * 4);
    column += count;
    ends.push(column);
  }
  return [...offsets, ...ends.slice(0, -1)];
}

function columnOffsets(parts: readonly ColumnRun[], width: number): number[] {
  const offsets = parts.flatMap(({ offset, count }) =>
    Array.from({ length: count }, (_, k) => offset + k * 4),
  );
  return [...offsets, ...new Array<number>(width - offsets.length).fill(0)];
}
