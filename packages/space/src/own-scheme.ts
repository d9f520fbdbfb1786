import type { OptionSchema } from './options.ts';
import { defineScheme as define, type SchemeDefinition, type SchemeFunction } from './scheme.ts';

/**
 * Makes a scheme from its definition. Its kind may be that of a scheme of this package: files say that it is one of your own,
 * and `load` takes those from `schemes` alone.
 *
 * @returns the scheme as users call it. It throws OptionError for an unknown option, with the nearest known one, and
 * ArgumentError for a wrong value, or more than one size
 * @throws ArgumentError for a definition that lacks a part
 */
export function defineScheme<const O extends OptionSchema, S extends string>(
  definition: SchemeDefinition<O, S>,
): SchemeFunction<O> {
  return define(
    typeof definition === 'object' && definition !== null ? { ...definition, isOwn: true } : definition,
  );
}
