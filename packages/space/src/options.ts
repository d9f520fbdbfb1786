import type { Real, Word } from '@funhash/formula';
import { ArgumentError, type HashFamily, hashFamilies } from '@funhash/hashing';

/**
 * How a scheme uses an option in its entry formula. `structural`: a plain value while the expression graph is built,
 * so another value is another graph (loop counts, widths). `word` and `real`: a run-time operand of the graph, so
 * that layers which differ only in them share compiled code (bucket counts, seeds, scales).
 */
export type OptionRole = 'structural' | 'word' | 'real';

export interface Option<T, R extends OptionRole = OptionRole> {
  readonly role: R;
  readonly default?: T;
  /** What is accepted, for messages and the command's help. */
  readonly expected: string;
  accepts(value: unknown): boolean;
  /** Derived from the layer's seed where the user gives none. */
  readonly isSeed?: boolean;
  /** Another word in every training pass, else 0. */
  readonly isDrawn?: boolean;
}

export type OptionSchema = Readonly<Record<string, Option<unknown>>>;

type ValueOf<O> = O extends { readonly default?: infer T } ? Exclude<T, undefined> : never;

/** Options as users give and files store them. */
export type OptionValues<O> = { -readonly [K in keyof O]: ValueOf<O[K]> };

/** Options as an entry formula sees them. */
export type FormulaOptions<O> = {
  readonly [K in keyof O]: O[K] extends { readonly role: 'word' }
    ? Word
    : O[K] extends { readonly role: 'real' }
      ? Real
      : ValueOf<O[K]>;
};

interface Bounds {
  readonly default?: number;
  readonly least?: number;
  readonly most?: number;
}

const isWhole = (value: unknown, least: number, most: number): boolean =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most;

const isListOf = (value: unknown, length: number, accepts: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.length === length && value.every(accepts);

interface ListBounds {
  readonly least?: number;
  readonly most?: number;
  /** Most members. Default 64. */
  readonly length?: number;
}

const isList = (value: unknown, least: number, most: number, length: number): boolean =>
  Array.isArray(value) && value.length <= length && value.every((member) => isWhole(member, least, most));

function whole<R extends OptionRole>(
  role: R,
  { least = 0, most = 2 ** 32 - 1, ...rest }: Bounds,
): Option<number, R> {
  return {
    role,
    ...rest,
    expected: `a whole number from ${least} to ${most}`,
    accepts: (value) => isWhole(value, least, most),
  };
}

export const structural = {
  integer: (bounds: Bounds = {}): Option<number, 'structural'> => whole('structural', bounds),
  oneOf: <const T extends string | number>(choices: readonly T[], standard: T): Option<T, 'structural'> => ({
    role: 'structural',
    default: standard,
    expected: `one of ${choices.join(', ')}`,
    accepts: (value) => choices.includes(value as T),
  }),
  /** Whole numbers, such as modes or ranks. */
  list: ({
    least = 0,
    most = 2 ** 32 - 1,
    length = 64,
  }: ListBounds = {}): Option<readonly number[], 'structural'> => ({
    role: 'structural',
    expected: `a list of up to ${length} whole numbers from ${least} to ${most}`,
    accepts: (value) => isList(value, least, most, length),
  }),
  /** One whole number for all, or a list of them. */
  oneOrList: ({
    least = 0,
    most = 2 ** 32 - 1,
    length = 64,
  }: ListBounds = {}): Option<number | readonly number[], 'structural'> => ({
    role: 'structural',
    expected: `a whole number from ${least} to ${most}, or a list of up to ${length}`,
    accepts: (value) => isWhole(value, least, most) || isList(value, least, most, length),
  }),
  flag: (standard: boolean): Option<boolean, 'structural'> => ({
    role: 'structural',
    default: standard,
    expected: 'true or false',
    accepts: (value) => typeof value === 'boolean',
  }),
  /** Shapes of so many arrays, each of so many extents ≥ 1. */
  shapes: (count: number, rank: number): Option<readonly (readonly number[])[], 'structural'> => ({
    role: 'structural',
    expected: `${count} shapes of ${rank} whole numbers ≥ 1`,
    accepts: (value) =>
      isListOf(value, count, (shape) => isListOf(shape, rank, (extent) => isWhole(extent, 1, 2 ** 32 - 1))),
  }),
  /** The family behind `hash(row, col, seed)`. Default xxHash32. */
  hash: (): Option<HashFamily, 'structural'> =>
    structural.oneOf(Object.keys(hashFamilies) as HashFamily[], 'xxHash32'),
};

export const uniform = {
  /** A count of stored values, buckets or blocks: at least 1. */
  count: (): Option<number, 'word'> => whole('word', { least: 1 }),
  /** The seed of the scheme's hashes; default: derived from the layer's. */
  seed: (): Option<number, 'word'> => ({ ...whole('word', {}), isSeed: true }),
  /** A word that layers draw anew for every training pass. 0 at inference: entries are then not random. */
  draw: (): Option<number, 'word'> => ({ ...whole('word', { default: 0, most: 0 }), isDrawn: true }),
  real: (standard: number): Option<number, 'real'> => ({
    role: 'real',
    default: standard,
    expected: 'a finite number',
    accepts: (value) => typeof value === 'number' && Number.isFinite(value),
  }),
};

/** Checks the options that are given, which need not be all. */
export function checkOptions(
  kind: string,
  schema: OptionSchema,
  given: Readonly<Record<string, unknown>>,
): void {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const option = Object.hasOwn(schema, name) ? schema[name] : undefined;
    if (!option)
      throw new ArgumentError({
        operation: kind,
        expected: `options ${Object.keys(schema).join(', ')}`,
        actual: `the option ${name}`,
      });
    if (!option.accepts(value))
      throw new ArgumentError({
        operation: kind,
        expected: `${name}: ${option.expected}`,
        actual: typeof value === 'object' ? JSON.stringify(value) : String(value),
      });
  }
}

/** Checks options and fills in defaults; says which is missing or wrong. */
export function resolveOptions<O extends OptionSchema>(
  kind: string,
  schema: O,
  given: Readonly<Record<string, unknown>>,
  seed: number,
): OptionValues<O> {
  checkOptions(kind, schema, given);
  const resolved = Object.entries(schema).map(([name, option]): [string, unknown] => {
    const value = given[name] ?? (option.isSeed ? seed : option.default);
    if (value === undefined)
      throw new ArgumentError({
        operation: kind,
        expected: `a size: ratio, values or bytes, or the option ${name} (${option.expected})`,
        actual: 'neither',
      });
    return [name, value];
  });
  return Object.fromEntries(resolved) as OptionValues<O>;
}
