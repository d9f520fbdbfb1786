import { FunhashError } from '../errors.ts';
import { chiSquareTail, poissonLowerTail, poissonUpperTail } from './tails.ts';

/** A property that an implementation must have: `for (const law of someLaws(x)) test(law.name, law.check)`. */
export interface Law {
  readonly name: string;
  /** Throws `LawError`, with what is wrong, when the property fails. */
  check(): void | Promise<void>;
}

/** A law that does not hold: `operation` is the name of the law. */
export class LawError extends FunhashError {}

/**
 * The false-alarm rate: the probability that one single test of a law fails on truly random output. A law makes some
 * tens to thousands of such tests; since all keys and seeds are fixed, a given hash passes always or never.
 */
export const FALSE_ALARM = 1e-6;

/** Throws unless the counts fit equally likely cells (Pearson's χ²; wants some ten or more expected per cell). */
export function requireUniform(law: string, counts: ArrayLike<number>, where: string): void {
  const observed = Array.from(counts);
  const total = observed.reduce((sum, count) => sum + count, 0);
  const expected = total / observed.length;
  const chiSquare = observed.reduce((sum, count) => sum + (count - expected) ** 2, 0) / expected;
  const degrees = observed.length - 1;
  const tail = chiSquareTail(chiSquare, degrees);
  if (tail >= FALSE_ALARM) return;
  throw new LawError({
    operation: law,
    expected: `${observed.length} equally likely cells (false-alarm rate ${FALSE_ALARM})`,
    actual: `χ² = ${chiSquare.toPrecision(4)} at ${degrees} degrees of freedom, p = ${tail.toPrecision(2)}, for ${where}`,
  });
}

/** Throws unless the number of equal pairs among `words`, all in 0 … range − 1, is that of random words. */
export function requireBirthdays(law: string, words: Uint32Array, range: number, where: string): void {
  const sorted = words.slice().sort();
  let pairs = 0;
  for (let i = 1, equal = 0; i < sorted.length; i += 1) {
    equal = sorted[i] === sorted[i - 1] ? equal + 1 : 0;
    pairs += equal;
  }
  const mean = (words.length * (words.length - 1)) / 2 / range;
  const tail = 2 * Math.min(poissonUpperTail(pairs, mean), poissonLowerTail(pairs, mean));
  if (tail >= FALSE_ALARM) return;
  throw new LawError({
    operation: law,
    expected: `about ${mean.toPrecision(4)} colliding pairs (birthday expectation, false-alarm rate ${FALSE_ALARM})`,
    actual: `${pairs}, p = ${tail.toPrecision(2)}, for ${where}`,
  });
}
