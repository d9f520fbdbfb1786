/** `12 250`. */
export const grouped = (count: number): string => count.toLocaleString('en-US').replaceAll(',', ' ');

/** Rows of cells as lines: the first columns hold text, the others numbers. */
export function textTable(rows: readonly (readonly string[])[], textColumns: number): string {
  const widths = (rows[0] as readonly string[]).map((_, k) =>
    rows.reduce((width, row) => Math.max(width, (row[k] as string).length), 0),
  );
  const lineOf = (row: readonly string[]): string =>
    row
      .map((cell, k) =>
        k < textColumns ? cell.padEnd(widths[k] as number) : cell.padStart(widths[k] as number),
      )
      .join('  ')
      .trimEnd();
  return rows.map(lineOf).join('\n');
}
