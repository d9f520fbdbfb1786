import { ArgumentError, checkArgument, option, type Random } from '@funhash/hashing';
import type { Sequence } from '../observation/sequences.ts';

/** What sequences are, for mutations: their shape, and the side of their padding. */
export interface MutationPlace {
  readonly inputShape: readonly number[];
  readonly padding: 'after' | 'before';
}

/**
 * Way to make a new test from a test. Yours is an object with a name and `mutate`; all that is random comes from the generator
 * that it is given, so that tests can be made again.
 */
export interface Mutation {
  readonly name: string;
  mutate(sequence: Sequence, random: Random, place: MutationPlace): Sequence;
}

const mutationsRule = option.that<readonly Mutation[]>(
  'at least one mutation { name, mutate }',
  (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((each) => typeof each?.name === 'string' && typeof each.mutate === 'function'),
);

/** One of several mutations, each time drawn anew. */
export function anyOf(mutations: readonly Mutation[]): Mutation {
  checkArgument('anyOf', 'mutations', mutationsRule, mutations);
  return {
    name: mutations.map(({ name }) => name).join(' or '),
    mutate: (sequence, random, place) =>
      (mutations[random.integer(mutations.length)] as Mutation).mutate(sequence, random, place),
  };
}

/** A mutation of numbers. It throws ArgumentError for tokens. */
export const floatMutation = (
  name: string,
  changed: (values: Float32Array, random: Random, place: MutationPlace) => Float32Array,
): Mutation => ({
  name,
  mutate: (sequence, random, place) => {
    if (sequence.values instanceof Float32Array)
      return { ...sequence, values: changed(sequence.values, random, place) };
    throw new ArgumentError({
      operation: name,
      expected: 'sequences of floats',
      actual: 'tokens',
      remedy: 'Mutate tokens by tokenEdits.',
    });
  },
});
