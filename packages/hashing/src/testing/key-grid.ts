import type { WordHash } from '../words.ts';

/** Equally spaced keys along one side of a grid, modulo 2^32. */
export interface KeyRange {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/** The keys (row, col) of a matrix or of part of one, as layers ask for them. */
export interface KeyGrid {
  readonly name: string;
  readonly rows: KeyRange;
  readonly cols: KeyRange;
}

function range(start: number, count: number, step = 1): KeyRange {
  return { start, step, count };
}

/** 16 384 keys each: shapes, strides and places where weak hashes show their structure. */
export const keyGrids: readonly KeyGrid[] = [
  { name: 'a square at the origin', rows: range(0, 128), cols: range(0, 128) },
  { name: 'one row', rows: range(5, 1), cols: range(0, 16384) },
  { name: 'one column', rows: range(0, 16384), cols: range(5, 1) },
  { name: 'a wide strip', rows: range(0, 16), cols: range(0, 1024) },
  { name: 'a tall strip', rows: range(0, 1024), cols: range(0, 16) },
  { name: 'every 64th row and column', rows: range(0, 128, 64), cols: range(0, 128, 64) },
  { name: 'every 1000th row, every 3rd column', rows: range(0, 128, 1000), cols: range(0, 128, 3) },
  { name: 'every 65536th row and column', rows: range(0, 128, 65536), cols: range(0, 128, 65536) },
  { name: 'rows around 2^31', rows: range(2 ** 31 - 64, 128), cols: range(0, 128) },
  { name: 'columns around 2^31', rows: range(0, 128), cols: range(2 ** 31 - 64, 128) },
  {
    name: 'rows and columns up to 2^32 − 1',
    rows: range(2 ** 32 - 128, 128),
    cols: range(2 ** 32 - 128, 128),
  },
];

/** Seeds as users choose them: counted up from 0, and one from a hash. */
export const keySeeds: readonly number[] = [0, 1, 2, 0x5bd1e995];

/** The hashes of all keys of a grid, row by row. */
export function hashGrid(hash: WordHash, grid: KeyGrid, seed: number): Uint32Array {
  const { rows, cols } = grid;
  const words = new Uint32Array(rows.count * cols.count);
  let at = 0;
  for (let r = 0; r < rows.count; r += 1) {
    const row = (rows.start + r * rows.step) >>> 0;
    for (let c = 0; c < cols.count; c += 1) words[at++] = hash(row, (cols.start + c * cols.step) >>> 0, seed);
  }
  return words;
}
