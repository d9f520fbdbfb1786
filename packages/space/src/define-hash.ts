import {
  ArgumentError,
  asWordHash,
  checkOptions,
  type HashFormula,
  hashFamilies,
  type OptionsOf,
  option,
} from '@funhash/hashing';
import { OwnHash } from './own-hash.ts';

const rules = {
  /** What files call it: letters, digits, `_` and `-`. Another one than the hashes of this package have. */
  name: option.required(
    option.that<string>(
      `a name of up to 64 letters, digits, _ and -, other than ${Object.keys(hashFamilies).join(', ')}`,
      (name) =>
        typeof name === 'string' && /^[A-Za-z][\w-]{0,63}$/.test(name) && !Object.hasOwn(hashFamilies, name),
    ),
  ),
  /** The hash of (row, col) under a seed, written in operations on words: `(ops, row, col, seed) => ops.xor(…)`. */
  formula: option.required(option.callable<HashFormula>('a function of (ops, row, col, seed)')),
};

/**
 * Makes a hash of your own, for the `hash` option of hashed schemes:
 *
 *     const mine = defineHash({ name: 'mine', formula: (ops, row, col, seed) => ops.mul(ops.xor(row, seed), col) });
 *     new Dense({ in: 784, out: 100, weight: hashedNet({ ratio: 1 / 64, hash: mine }) });
 *
 * Files keep its name: `load(file, { hashes: { mine } })`. Check it by both suites: `hashLaws(asWordHash(formula))` of
 * `@funhash/hashing/testing` and `schemeLaws` of `@funhash/space/testing`. Schemes do not tell a poor hash from a good one.
 *
 * @throws ArgumentError for a name that is taken, or a formula that gives no words; OptionError for an unknown field
 */
export function defineHash(definition: OptionsOf<typeof rules>): OwnHash {
  checkOptions('defineHash', rules, definition);
  const { name, formula } = definition;
  const word: unknown = asWordHash(formula)(1, 2, 3);
  if (typeof word !== 'number' || word !== word >>> 0)
    throw new ArgumentError({
      operation: 'defineHash',
      expected: 'a formula that gives a word, made by its first argument',
      actual: String(word),
      remedy: 'Return what ops.add, ops.mul, ops.xor, … give.',
    });
  return new OwnHash(name, formula);
}
