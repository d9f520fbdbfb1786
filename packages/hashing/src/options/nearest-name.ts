/** The name among `known` that a misspelt one most likely stands for; undefined where none is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const given = name.toLowerCase();
  const most = Math.max(1, Math.floor(given.length / 3));
  let [best, least]: [string | undefined, number] = [undefined, Number.POSITIVE_INFINITY];
  for (const candidate of known) {
    const other = candidate.toLowerCase();
    const slips = editDistance(given, other);
    // `size` for `kernelSize`, `useBias` for `bias`: a whole word in common is less than two slips, but more than one.
    const isPart = isEnd(given, other) || isEnd(other, given);
    const distance = isPart ? Math.min(1.5, slips) : slips;
    if ((!isPart && distance > most) || distance >= least) continue;
    [best, least] = [candidate, distance];
  }
  return best;
}

const isEnd = (part: string, whole: string): boolean =>
  part.length >= 4 && (whole.startsWith(part) || whole.endsWith(part));

/** Insertions, deletions, exchanges and swaps of neighbours between two texts (Damerau 1964, restricted). */
function editDistance(a: string, b: string): number {
  let [before, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        (last[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (last[j - 1] as number) + (isSame ? 0 : 1),
        isSwapped ? (before[j - 2] as number) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [before, last] = [last, row];
  }
  return last[b.length] as number;
}
