import { checkOptions, type OptionRule, type OptionRules } from '@funhash/hashing';

/** An option with the value that stands where none is given. */
export interface Field<T> extends OptionRule<T, false> {
  readonly default: T;
}

/** Adds a default to a rule: `field(option.count(), 10)`. */
export function field<T>(rule: OptionRule<T, false>, standard: NoInfer<T>): Field<T> {
  return { ...rule, default: standard };
}

type ValueOf<R> = R extends OptionRule<infer T> ? T : never;
type IsPresent<R> = R extends { readonly default: unknown } | OptionRule<unknown, true> ? true : false;

/** Options with their defaults filled in: those without one may be absent. */
export type Filled<R extends OptionRules> = {
  readonly [K in keyof R as IsPresent<R[K]> extends true ? K : never]: ValueOf<R[K]>;
} & {
  readonly [K in keyof R as IsPresent<R[K]> extends true ? never : K]?: ValueOf<R[K]>;
};

/**
 * Checks options and fills in the defaults of their rules.
 *
 * @param operation names what takes the options, in errors
 * @throws OptionError for an unknown name, with the nearest known one; ArgumentError for a wrong or missing value
 */
export function filled<R extends OptionRules>(operation: string, rules: R, given: unknown): Filled<R> {
  checkOptions(operation, rules, given);
  const values = given as Readonly<Record<string, unknown>> | undefined;
  const entries = Object.keys(rules).flatMap((name) => {
    const value = values?.[name] ?? defaultOf(rules, name);
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(entries) as Filled<R>;
}

/** The default of an option; undefined where it has none. */
export function defaultOf(rules: OptionRules, name: string): unknown {
  return (rules[name] as Partial<Field<unknown>> | undefined)?.default;
}
