/** What an option takes. A record of rules is the one statement of what a function or class may be told. */
export interface OptionRule<T = unknown, Required extends boolean = boolean> {
  /** What is accepted, for messages and help: `a whole number ≥ 1`. */
  readonly expected: string;
  /** Whether there is no default. */
  readonly isRequired: Required;
  accepts(value: unknown): boolean;
  /** Carries the type of the value; never set. */
  readonly type?: T;
}

export type OptionRules = Readonly<Record<string, OptionRule>>;

type ValueOf<R> = R extends OptionRule<infer T> ? T : never;

/** The options that rules describe; the docstrings of the rules are those of the fields. */
export type OptionsOf<R extends OptionRules> = {
  readonly [K in keyof R as R[K] extends OptionRule<unknown, true> ? K : never]: ValueOf<R[K]>;
} & {
  readonly [K in keyof R as R[K] extends OptionRule<unknown, true> ? never : K]?: ValueOf<R[K]>;
};

export interface OptionBounds {
  readonly least?: number;
  readonly most?: number;
}

function rule<T>(expected: string, accepts: (value: unknown) => boolean): OptionRule<T, false> {
  return { expected, isRequired: false, accepts };
}

/** Most members of a list. */
const mostMembers = 2 ** 16;

/** Rules for the common kinds of values. Each is optional; `required` makes it needed. */
export const option = {
  /** Whole numbers. */
  integer: ({ least = 0, most = 2 ** 32 - 1 }: OptionBounds = {}): OptionRule<number, false> =>
    rule(
      most >= 2 ** 32 - 1 ? `a whole number ≥ ${least}` : `a whole number from ${least} to ${most}`,
      (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
    ),
  /** Whole numbers ≥ 1. */
  count: (): OptionRule<number, false> => option.integer({ least: 1 }),
  /** Finite numbers. */
  real: ({ least = -Infinity, most = Infinity }: OptionBounds = {}): OptionRule<number, false> =>
    rule(
      most < Infinity
        ? `a number from ${least} to ${most}`
        : least > -Infinity
          ? `a finite number ≥ ${least}`
          : 'a finite number',
      (value) => Number.isFinite(value) && (value as number) >= least && (value as number) <= most,
    ),
  /** Finite numbers above 0. */
  positive: (): OptionRule<number, false> =>
    rule('a finite number above 0', (value) => Number.isFinite(value) && (value as number) > 0),
  /** True or false. */
  flag: (): OptionRule<boolean, false> => rule('true or false', (value) => typeof value === 'boolean'),
  /** One of a few texts. */
  oneOf: <const T extends string | number>(choices: readonly T[]): OptionRule<T, false> =>
    rule(`one of ${choices.join(', ')}`, (value) => choices.includes(value as T)),
  /** A text that is not empty. */
  text: (): OptionRule<string, false> =>
    rule('a text', (value) => typeof value === 'string' && value.length > 0),
  /** A function. */
  callable: <T extends (...args: never[]) => unknown>(expected = 'a function'): OptionRule<T, false> =>
    rule(expected, (value) => typeof value === 'function'),
  /** A list whose members another rule accepts, of any length unless bounds are given. */
  list: <T>(
    item: OptionRule<T>,
    { least = 0, most = mostMembers }: OptionBounds = {},
  ): OptionRule<readonly T[], false> =>
    rule(
      `a list${most < mostMembers ? ` of ${least} to ${most} members` : ''}, each ${item.expected}`,
      (value) =>
        Array.isArray(value) &&
        value.length >= least &&
        value.length <= most &&
        Array.from(value).every((each) => item.accepts(each)),
    ),
  /** What a caller's own test accepts. */
  that: <T>(expected: string, accepts: (value: unknown) => boolean): OptionRule<T, false> =>
    rule(expected, accepts),
  /** Anything: for values that are checked where they are used. */
  any: <T>(expected = 'a value'): OptionRule<T, false> => rule(expected, () => true),
  /** The same rule for an option that has no default. */
  required: <T>(given: OptionRule<T>): OptionRule<T, true> => ({ ...given, isRequired: true }),
};
