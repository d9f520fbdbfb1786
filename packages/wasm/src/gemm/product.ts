/** The place of a product: rows of consecutive floats, `rowBytes` apart. */
export interface Target {
  readonly address: number;
  readonly rowBytes: number;
}

/** The extents of a product: out[m, n] from a[m, depth] · b[depth, n]. */
export interface Size {
  readonly m: number;
  readonly n: number;
  readonly depth: number;
}

/** What sums start from: what is in out, zeros, or for every row a bias of n floats side by side. */
export type Start = 'out' | 'zeros' | { readonly bias: number };

/** Writes the packed panel of columns [firstCol, firstCol + cols) and depths [firstDepth, firstDepth + depth). */
export type WritePanel = (
  to: number,
  firstCol: number,
  cols: number,
  firstDepth: number,
  depth: number,
) => void;
