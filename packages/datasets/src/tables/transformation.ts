import { ArgumentError, checkOptions, type OptionRules, type OptionsOf, option } from '@funhash/hashing';

const name = option.required(
  option.that<string>('a text of at most 1000 characters', (x) => typeof x === 'string' && x.length <= 1000),
);
const real = () => option.required(option.real());
const texts = (most: number) =>
  option.that<readonly string[]>(
    `a list of at most ${most} texts`,
    (x) => Array.isArray(x) && x.length <= most && x.every((each) => typeof each === 'string'),
  );
const mostBuckets = 2 ** 20;
const mostWords = 2 ** 18;
const weightedWords = option.that<readonly (readonly [word: string, weight: number])[]>(
  `a list of 1 to ${mostWords} words with positive weights`,
  (x) =>
    Array.isArray(x) &&
    x.length >= 1 &&
    x.length <= mostWords &&
    x.every(
      (pair) =>
        Array.isArray(pair) &&
        pair.length === 2 &&
        typeof pair[0] === 'string' &&
        typeof pair[1] === 'number' &&
        pair[1] > 0 &&
        pair[1] < 1e6,
    ),
);

/** Kinds of columns with what has to be known to read one: the one statement of them. */
const kinds = {
  /** (x − mean) / std; a missing one is 0, and with `missing` a further input says so. */
  number: {
    mean: real(),
    std: option.required(option.positive()),
    missing: option.required(option.flag()),
  },
  /** Days, as a number is, and the season as sine and cosine of the year. */
  date: {
    mean: real(),
    std: option.required(option.positive()),
    missing: option.required(option.flag()),
  },
  /** An input for each value, and with `missing` one for none; a value that training has not seen has none. */
  category: {
    values: option.required(texts(2 ** 14)),
    missing: option.required(option.flag()),
  },
  /** Any number of values in so many inputs: two of them by the hash of the value, with signs. */
  hashed: { buckets: option.required(option.integer({ least: 1, most: mostBuckets })) },
  /** Words of a text with their weights, an input for each; other words are nothing. Scaled to length √words / 4. */
  words: { words: option.required(weightedWords) },
  /** The words of a text by their hashes, with signs, scaled to length √buckets / 4. */
  text: { buckets: option.required(option.integer({ least: 1, most: mostBuckets })) },
} as const satisfies Record<string, OptionRules>;

export type ColumnKind = keyof typeof kinds;

export const columnKinds = Object.keys(kinds) as readonly ColumnKind[];

/** How one column of a table becomes inputs. */
export type ColumnTransformation = {
  [K in ColumnKind]: { readonly kind: K; readonly name: string } & OptionsOf<(typeof kinds)[K]>;
}[ColumnKind];

const targetRules = {
  /** The column that is to be found. */
  name,
  /** Mean of the numbers to find; absent where the target is a class. */
  mean: option.real(),
  /** Their standard deviation. */
  std: option.positive(),
};

/** How a table becomes inputs and targets, as plain JSON: part of the signature of a model. */
export interface TableTransformation {
  readonly kind: 'table';
  readonly columns: readonly ColumnTransformation[];
  readonly target: OptionsOf<typeof targetRules>;
}

const mostColumns = 4096;

/**
 * Checks what the signature of a model says of its table.
 *
 * @throws ArgumentError for what is no transformation of a table, OptionError for fields that it has not
 */
export function tableTransformation(value: unknown): TableTransformation {
  const operation = 'tableTransformation';
  checkOptions(
    operation,
    {
      kind: option.required(option.oneOf(['table'])),
      columns: option.required(
        option.that(
          `a list of 1 to ${mostColumns} columns`,
          (x) => Array.isArray(x) && x.length >= 1 && x.length <= mostColumns,
        ),
      ),
      target: option.required(option.any()),
    },
    value,
  );
  const table = value as TableTransformation;
  checkOptions(`${operation}.target`, targetRules, table.target);
  for (const [k, column] of table.columns.entries()) checkColumn(`${operation}.columns[${k}]`, column);
  return table;
}

function checkColumn(operation: string, column: unknown): asserts column is ColumnTransformation {
  const kind = (column as Partial<ColumnTransformation> | null | undefined)?.kind;
  if (typeof kind !== 'string' || !Object.hasOwn(kinds, kind))
    throw new ArgumentError({
      operation,
      expected: `a kind, one of ${columnKinds.join(', ')}`,
      actual: String(kind),
    });
  checkOptions(operation, { kind: option.any(), name, ...kinds[kind] }, column);
}

/** Whether a transformation is that of a table. */
export const isOfTable = (value: object | undefined): boolean =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'table';

/** Number of inputs that a column becomes. @throws ArgumentError, OptionError for what is no column of a transformation */
export function inputsOfColumn(column: ColumnTransformation): number {
  checkColumn('inputsOfColumn', column);
  return widthOf(column);
}

/** Inputs that a column becomes. */
export function widthOf(column: ColumnTransformation): number {
  switch (column.kind) {
    case 'number':
      return 1 + Number(column.missing);
    case 'date':
      return 3 + Number(column.missing);
    case 'category':
      return column.values.length + Number(column.missing);
    case 'words':
      return column.words.length;
    default:
      return column.buckets;
  }
}
