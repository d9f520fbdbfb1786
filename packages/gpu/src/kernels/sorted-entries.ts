import { Interpreter, type Program } from '@funhash/formula';
import { ArgumentError } from '@funhash/hashing';
import type { VirtualView } from '@funhash/tensor';
import type { Strip } from './strips.ts';

/** The entries of a strip of a virtual matrix, sorted by an index that each of them has. */
export interface Sorted {
  /** Threads: one for each index, or one for each part of the entries of an index. */
  readonly count: number;
  /** [count + 1] where each thread's entries begin in this array, then the entries, row in the strip · cols + col. */
  readonly entries: Float32Array;
  /** [indices + 1] where each index's parts begin, where indices have several. */
  readonly parts: Float32Array | undefined;
  /** Bounds of loops: the most entries of a thread, and the most parts of an index. */
  readonly longest: number;
  readonly mostParts: number;
}

const panelEntries = 4096;
// Entries that one thread adds up.
const mostEntries = 2048;

/**
 * @param index a program of words with one output: the index as a number
 * @param rows a strip, or the numbers of rows
 * @param indices how many there are
 */
export function entriesByIndex(
  index: Program,
  v: VirtualView,
  rows: Strip | Int32Array,
  indices: number,
): Sorted {
  const found = indicesOf(index, v, rows, indices);
  const counts = new Int32Array(indices);
  for (const at of found) counts[at] = (counts[at] as number) + 1;
  const most = counts.reduce((a, b) => Math.max(a, b), 1);
  // Few different bounds, so that few kernels do for all matrices.
  const longest = 2 ** Math.ceil(Math.log2(most <= mostEntries ? most : Math.sqrt(most)));
  const partsOf = counts.map((count) => (most <= mostEntries ? 1 : Math.ceil(count / longest)));
  const count = partsOf.reduce((a, b) => a + b, 0);
  const entries = new Float32Array(count + 1 + found.length);
  const next = new Int32Array(indices);
  let [thread, begin] = [0, count + 1];
  counts.forEach((own, k) => {
    next[k] = begin;
    for (let part = 0; part < (partsOf[k] as number); part++)
      entries[thread++] = begin + Math.min(own, part * longest);
    begin += own;
  });
  entries[count] = begin;
  found.forEach((at, entry) => {
    entries[next[at] as number] = entry;
    next[at] = (next[at] as number) + 1;
  });
  const isSplit = most > mostEntries;
  return {
    count,
    entries,
    parts: isSplit ? begins(partsOf) : undefined,
    longest,
    mostParts: isSplit ? partsOf.reduce((a, b) => Math.max(a, b), 1) : 1,
  };
}

function begins(counts: Int32Array): Float32Array {
  const result = new Float32Array(counts.length + 1);
  counts.forEach((count, k) => {
    result[k + 1] = (result[k] as number) + count;
  });
  return result;
}

/** The index that all entries have, of a program that depends on neither row nor column. */
export function commonIndex(index: Program, { uniforms }: VirtualView, indices: number): number {
  const one = { cols: 1, uniforms };
  return indicesOf(index, one, { first: 0, count: 1 }, indices)[0] as number;
}

function indicesOf(
  index: Program,
  { cols, uniforms }: Pick<VirtualView, 'cols' | 'uniforms'>,
  rows: Strip | Int32Array,
  indices: number,
): Int32Array {
  const [first, count] = rows instanceof Int32Array ? [0, rows.length] : [rows.first, rows.count];
  const found = new Int32Array(count * cols);
  const interpreter = new Interpreter(index, 'f64', panelEntries);
  const shared = { uniforms, scalars: [], stored: [], inputs: [] };
  const width = Math.min(cols, panelEntries);
  const step = Math.max(1, Math.floor(panelEntries / Math.max(1, width)));
  for (let r = 0; r < count; r += step)
    for (let c = 0; c < cols; c += width) {
      const panel = { rows: Math.min(step, count - r), cols: Math.min(width, cols - c) };
      const firstRow = rows instanceof Int32Array ? rows.subarray(r, r + panel.rows) : first + r;
      const [values] = interpreter.run({ ...panel, ...shared, firstRow, firstCol: c });
      for (let k = 0; k < panel.rows; k++)
        for (let j = 0; j < panel.cols; j++)
          found[(r + k) * cols + c + j] = values?.[k * panel.cols + j] as number;
    }
  const bad = found.find((at) => at >= indices);
  if (bad !== undefined)
    throw new ArgumentError({
      operation: 'weight formula',
      expected: `an index below ${indices}, the length of the stored array`,
      actual: String(bad),
      remedy: 'The scheme reads outside of what it stores.',
    });
  return found;
}
