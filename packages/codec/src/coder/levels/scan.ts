/** The way through a matrix: 0 row by row, 1 to 4 in square blocks of 8, 16, 32, 64. */
export type Scan = 0 | 1 | 2 | 3 | 4;

/** Elements of a tensor as a matrix: the first extent, and the product of the others. */
export interface Extents {
  readonly rows: number;
  readonly columns: number;
}

/** A tensor as a matrix. One without extents has one element, one extent makes a column. */
export function extentsOf(shape: readonly number[]): Extents {
  const [rows = 1, ...others] = shape;
  return { rows, columns: others.reduce((product, extent) => product * extent, 1) };
}

/** The side of a block; 0 row by row: asked for, or there is one row or column. */
function blockSide({ rows, columns }: Extents, scan: Scan): number {
  return scan === 0 || rows === 1 || columns === 1 ? 0 : 4 << scan;
}

/** Elements of a row of blocks, behind which a coder starts anew; 0: never. */
export const segmentOf = (extents: Extents, scan: Scan): number => blockSide(extents, scan) * extents.columns;

type Elements = Int32Array | Float32Array | Float64Array;

/** Elements in the order of a scan; the same array where that is its own. */
export function toScan<T extends Elements>(elements: T, extents: Extents, scan: Scan): T {
  const side = blockSide(extents, scan);
  if (side === 0) return elements;
  const scanned = elements.slice() as T;
  let to = 0;
  forRuns(extents, side, (from, length) => {
    for (let k = 0; k < length; k++) scanned[to++] = elements[from + k] as number;
  });
  return scanned;
}

/** Elements row by row that come in the order of a scan; the same array where that is its own. */
export function fromScan<T extends Elements>(scanned: T, extents: Extents, scan: Scan): T {
  const side = blockSide(extents, scan);
  if (side === 0) return scanned;
  const elements = scanned.slice() as T;
  let from = 0;
  forRuns(extents, side, (to, length) => {
    for (let k = 0; k < length; k++) elements[to + k] = scanned[from++] as number;
  });
  return elements;
}

/** Rows of blocks, one after the other; what is left at the right and below makes smaller blocks. */
function forRuns(
  { rows, columns }: Extents,
  side: number,
  run: (from: number, length: number) => void,
): void {
  for (let top = 0; top < rows; top += side)
    for (let left = 0; left < columns; left += side)
      for (let y = top; y < Math.min(top + side, rows); y++)
        run(y * columns + left, Math.min(side, columns - left));
}
