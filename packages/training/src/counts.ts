/** Decisions for one class: rows of it that were told so, all that were told so, and all of it. */
export interface Counts {
  readonly hits: number;
  readonly predicted: number;
  readonly actual: number;
}

// As scikit-learn's default for a class that is never told or never there.
const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/** What is made of counts, by the names of metrics. */
export const formOf = {
  precision: ({ hits, predicted }: Counts): number => share(hits, predicted),
  recall: ({ hits, actual }: Counts): number => share(hits, actual),
  f1: ({ hits, predicted, actual }: Counts): number => share(2 * hits, predicted + actual),
};

/** One number of the counts of all classes: their plain mean, that by their rows, or of the sums of their counts. */
export function meanOf(
  all: readonly Counts[],
  average: 'macro' | 'weighted' | 'micro',
  of: (counts: Counts) => number,
): number {
  const total = (name: keyof Counts): number => all.reduce((sum, counts) => sum + counts[name], 0);
  if (average === 'macro') return all.reduce((sum, counts) => sum + of(counts), 0) / all.length;
  if (average === 'weighted')
    return share(
      all.reduce((sum, counts) => sum + counts.actual * of(counts), 0),
      total('actual'),
    );
  return of({ hits: total('hits'), predicted: total('predicted'), actual: total('actual') });
}
