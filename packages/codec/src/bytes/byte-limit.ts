import { type OptionRule, option } from '@funhash/hashing';

/** The rule for a number of bytes that is not to be passed; infinity for none. */
export const byteLimit = (): OptionRule<number, false> =>
  option.that('a number of bytes', (value) => typeof value === 'number' && value >= 0);

/** Most bytes that so many may become, compressed or coded as they are: values of a network seldom shrink by more. */
export const mostUnpacked = (bytes: number): number => Math.min(2 ** 30, 2 ** 26 + 16 * bytes);
