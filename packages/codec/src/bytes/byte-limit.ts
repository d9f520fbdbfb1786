import { type OptionRule, option } from '@funhash/hashing';

/** The rule for a number of bytes that is not to be passed; infinity for none. */
export const byteLimit = (): OptionRule<number, false> =>
  option.that('a number of bytes', (value) => typeof value === 'number' && value >= 0);
