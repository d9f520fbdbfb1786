const blocks = '▁▂▃▄▅▆▇█';

/** The course of a number in so many characters, the last values last; those that are not finite are left out. */
export function sparkline(values: readonly number[], width: number): string {
  const all = values.filter(Number.isFinite);
  const count = Math.min(width, all.length);
  // Means of equal parts: single batches leap.
  const parts = Array.from({ length: count }, (_, k) => {
    const part = all.slice(Math.floor((k * all.length) / count), Math.floor(((k + 1) * all.length) / count));
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
  const low = parts.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = parts.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const level = (value: number): number =>
    high > low ? Math.round(((blocks.length - 1) * (value - low)) / (high - low)) : 0;
  return parts.map((value) => blocks[level(value)]).join('');
}
