import { ArgumentError } from '@funhash/hashing';
import type { OptionSchema } from './options.ts';
import { defineScheme as define, type SchemeDefinition, type SchemeFunction } from './scheme.ts';

/** Kinds of the schemes of this package, as files name them. Not read from the schemes: a page would load all of them. */
export const takenKinds: readonly string[] = [
  'binary',
  'cp',
  'dense',
  'freshNet',
  'funHash',
  'hashedNet',
  'kronecker',
  'lowRank',
  'lsq',
  'mpo',
  'productHash',
  'randomEdgeRemoval',
  'robe',
  'stochasticBinary',
  'tensorTrain',
  'ternary',
  'tiles',
];

/**
 * Makes a scheme from its definition.
 *
 * @returns the scheme as users call it. It throws OptionError for an unknown option, with the nearest known one, and
 * ArgumentError for a wrong value, or more than one size
 * @throws ArgumentError for a definition that lacks a part, or has the kind of a scheme of this package: files tell schemes
 * apart by their kinds
 */
export function defineScheme<const O extends OptionSchema, S extends string>(
  definition: SchemeDefinition<O, S>,
): SchemeFunction<O> {
  const scheme = define(definition);
  if (takenKinds.includes(definition.kind))
    throw new ArgumentError({
      operation: 'defineScheme',
      expected: 'a kind of its own',
      actual: `${definition.kind}, that of a scheme of this package`,
      remedy: 'Files tell schemes apart by their kinds: one saved with yours would be read with the other.',
    });
  return scheme;
}
