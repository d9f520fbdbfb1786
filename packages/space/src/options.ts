import type { Real, Word } from '@funhash/formula';
import {
  ArgumentError,
  checkOptions,
  type HashFamily,
  hashFamilies,
  type OptionRule,
  option,
} from '@funhash/hashing';
import { OwnHash } from './own-hash.ts';

/**
 * How a scheme uses an option in its entry formula. `structural`: a plain value while the expression graph is built,
 * so another value is another graph (loop counts, widths). `word` and `real`: a run-time operand of the graph, so
 * that layers which differ only in them share compiled code (bucket counts, seeds, scales).
 */
export type OptionRole = 'structural' | 'word' | 'real';

export interface Option<T, R extends OptionRole = OptionRole> extends OptionRule<T, false> {
  readonly role: R;
  readonly default?: T;
  /** All values that are accepted, where they are few. */
  readonly choices?: readonly T[];
  /** Bounds of a whole number, or of the members of a list of them. */
  readonly least?: number;
  readonly most?: number;
  /** Derived from the layer's seed where the user gives none. */
  readonly isSeed?: boolean;
  /** Whether specs leave it out at its default: files of earlier versions do not have it. */
  readonly isLater?: boolean;
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

interface ListBounds {
  readonly least?: number;
  readonly most?: number;
  /** Most members. Default 64. */
  readonly length?: number;
}

function whole<R extends OptionRole>(role: R, { default: standard, ...bounds }: Bounds): Option<number, R> {
  const limits = { least: 0, most: 2 ** 32 - 1, ...bounds };
  return { ...option.integer(limits), role, ...limits, ...(standard !== undefined && { default: standard }) };
}

function wholes({ least = 0, most = 2 ** 32 - 1, length = 64 }: ListBounds) {
  const members = option.list(option.integer({ least, most }));
  return {
    role: 'structural',
    least,
    most,
    expected: `a list of up to ${length} whole numbers from ${least} to ${most}`,
    isRequired: false,
    accepts: (value) => members.accepts(value) && (value as readonly number[]).length <= length,
  } as const satisfies Option<readonly number[]>;
}

export const structural = {
  integer: (bounds: Bounds = {}): Option<number, 'structural'> => whole('structural', bounds),
  oneOf: <const T extends string | number>(choices: readonly T[], standard: T): Option<T, 'structural'> => ({
    ...option.oneOf(choices),
    role: 'structural',
    default: standard,
    choices,
  }),
  /** Whole numbers, such as modes or ranks. */
  list: (bounds: ListBounds = {}): Option<readonly number[], 'structural'> => wholes(bounds),
  /** One whole number for all, or a list of them. */
  oneOrList: (bounds: ListBounds = {}): Option<number | readonly number[], 'structural'> => {
    const { least, most, accepts, ...list } = wholes(bounds);
    const one = option.integer({ least, most });
    return {
      ...list,
      least,
      most,
      expected: `a whole number from ${least} to ${most}, or a list of up to ${bounds.length ?? 64}`,
      accepts: (value) => one.accepts(value) || accepts(value),
    };
  },
  flag: (standard: boolean): Option<boolean, 'structural'> => ({
    ...option.flag(),
    role: 'structural',
    default: standard,
    choices: [false, true],
  }),
  /** Shapes of so many arrays, each of so many extents ≥ 1. */
  shapes: (count: number, rank: number): Option<readonly (readonly number[])[], 'structural'> => {
    const shape = option.list(option.count());
    const isShape = (value: unknown): boolean =>
      shape.accepts(value) && (value as readonly number[]).length === rank;
    return {
      role: 'structural',
      expected: `${count} shapes of ${rank} whole numbers ≥ 1`,
      isRequired: false,
      accepts: (value) => Array.isArray(value) && value.length === count && value.every(isShape),
    };
  },
  /** The family behind `hash(row, col, seed)`, or a hash of one's own. Default xxHash32. */
  hash: (): Option<HashFamily | OwnHash, 'structural'> => {
    const families = structural.oneOf(Object.keys(hashFamilies) as HashFamily[], 'xxHash32');
    return {
      ...families,
      expected: `${families.expected}, or a hash that defineHash made`,
      accepts: (value) => families.accepts(value) || value instanceof OwnHash,
    };
  },
};

export const uniform = {
  /** A count of stored values, buckets or blocks: at least 1. */
  count: (): Option<number, 'word'> => whole('word', { least: 1 }),
  /** The seed of the scheme's hashes; default: derived from the layer's. */
  seed: (): Option<number, 'word'> => ({ ...whole('word', {}), isSeed: true }),
  /** A word that layers draw anew for every training pass. 0 at inference: entries are then not random. */
  draw: (): Option<number, 'word'> => ({ ...whole('word', { default: 0, most: 0 }), isDrawn: true }),
  real: (standard: number): Option<number, 'real'> => ({
    ...option.real(),
    role: 'real',
    default: standard,
  }),
};

/** An option that specs leave out at its default, for schemes whose files are older than it. */
export const later = <T, R extends OptionRole>(given: Option<T, R>): Option<T, R> => ({
  ...given,
  isLater: true,
});

/** Options as files hold them: a hash of a user's own by its label, without later ones at their default. */
export function writtenOptions(
  schema: OptionSchema,
  options: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const written = Object.entries(options).filter(
    ([name, value]) => !schema[name]?.isLater || value !== schema[name].default,
  );
  return Object.fromEntries(
    written.map(([name, value]) => [name, value instanceof OwnHash ? value.label : value]),
  );
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
