/** Rows of a virtual matrix that are on the device together. */
export interface Strip {
  readonly first: number;
  readonly count: number;
}

/**
 * Entries of a strip. A strip of V or of dV is then a texture of 16 MB, and the table of its entries another: enough
 * threads for any GPU, little beside its memory.
 */
export const defaultStripEntries = 2 ** 22;

/** Strips, as few as there can be, all of the same number of rows but the last, at least one row each. */
export function stripsOf(rows: number, cols: number, mostEntries: number): Strip[] {
  const mostRows = Math.max(1, Math.floor(mostEntries / Math.max(1, cols)));
  const count = Math.ceil(rows / Math.max(1, Math.ceil(rows / mostRows)));
  const strips: Strip[] = [];
  for (let first = 0; first < rows; first += count)
    strips.push({ first, count: Math.min(count, rows - first) });
  return strips;
}
