import type { ColumnStatistics } from './column-statistics.ts';
import type { ColumnKind, ColumnTransformation } from './transformation.ts';

/** A column of a table and what becomes of it. */
export interface TableColumn {
  readonly name: string;
  /** What it is; `ignored` columns are no inputs. */
  readonly kind: ColumnKind | 'target' | 'split' | 'ignored';
  /** What was found in it, in a few words. */
  readonly found: string;
}

export interface InferenceOptions {
  /** Categories with more values than this are hashed. */
  readonly oneHot: number;
  /** Inputs of a hashed category. */
  readonly buckets: number;
  /** Inputs of the words of a text, at most. */
  readonly textBuckets: number;
}

/** Rows below which values that are all different say nothing. */
const fewRows = 20;

/** What a column is, with the reason where it is no input. */
export function kindOf(
  column: ColumnStatistics,
  { oneHot }: Pick<InferenceOptions, 'oneHot'>,
): ColumnKind | { readonly ignored: string } {
  const { count, numbers, dates, distinct, words } = column;
  if (count === 0) return { ignored: 'no values' };
  if (distinct === 1) return { ignored: 'one value in all rows' };
  if (numbers === count) return 'number';
  if (dates === count) return 'date';
  if (distinct <= oneHot) return 'category';
  if (words >= 3) return 'words';
  if (count >= fewRows && distinct >= 0.95 * count && distinct !== Number.POSITIVE_INFINITY)
    return { ignored: 'a different value in each row' };
  return 'hashed';
}

/** How a column of a kind becomes inputs, by what the training rows hold. */
export function transformationOf(
  column: ColumnStatistics,
  kind: ColumnKind,
  { buckets, textBuckets }: InferenceOptions,
): ColumnTransformation {
  const { name } = column;
  const missing = column.missing > 0;
  const std = column.std > 0 ? column.std : 1;
  switch (kind) {
    case 'number':
    case 'date':
      return { kind, name, mean: column.mean, std, missing };
    case 'category':
      return { kind, name, values: column.values, missing };
    case 'hashed':
      return { kind, name, buckets };
    case 'words': {
      const words = column.commonestWords(textBuckets);
      // Of words that never come again there is nothing to learn; by their hashes they are told apart at least.
      return words.length > 0 ? { kind, name, words } : { kind: 'text', name, buckets: textBuckets };
    }
    case 'text':
      return { kind, name, buckets: textBuckets };
  }
}

/** What was found in a column, in a few words. */
export function foundIn(column: ColumnStatistics): string {
  const { count, missing, numbers, dates, distinct, values, words } = column;
  const short = (x: number): string => String(Number(x.toPrecision(4)));
  const many = distinct === Number.POSITIVE_INFINITY ? 'many values' : `${distinct} values`;
  const what =
    count === 0
      ? 'nothing'
      : numbers === count
        ? `mean ${short(column.mean)}, deviation ${short(column.std)}`
        : dates === count
          ? 'dates'
          : words >= 3
            ? `texts of ${short(words)} words`
            : `${many}: ${values.slice(0, 4).join(', ').slice(0, 60)}${distinct > 4 ? ', …' : ''}`;
  return missing > 0 ? `${what}; ${missing} missing` : what;
}
