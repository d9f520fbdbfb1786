import { LawError } from '@funhash/hashing/testing';
import fc from 'fast-check';

/** Runs `check` on generated cases, always the same ones; throws the error of the smallest case that fails. */
export async function forAll<T>(
  cases: fc.Arbitrary<T>,
  numRuns: number,
  check: (value: T) => void | Promise<void>,
): Promise<void> {
  const property = fc.asyncProperty(cases, async (value) => check(value));
  const result = await fc.check(property, { seed: 1, numRuns });
  if (result.failed) throw result.errorInstance;
}

/** Throws unless numbers agree within `tolerance` times the largest of them. */
export function requireClose(
  law: string,
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  const wanted = Array.from(expected);
  requireLength(law, what, actual, wanted);
  const scale = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-30);
  const worst = wanted.findIndex(
    (value, k) => !(Math.abs((actual[k] as number) - value) <= tolerance * scale),
  );
  if (worst >= 0)
    throw new LawError({
      operation: law,
      expected: `${what}: element ${worst} to be ${wanted[worst]}, within ${tolerance} of the largest, ${scale}`,
      actual: String(actual[worst]),
    });
}

/** Throws unless numbers are the same bits. */
export function requireSame(
  law: string,
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
): void {
  requireLength(law, what, actual, expected);
  const first = firstDifference(actual, expected);
  if (first >= 0)
    throw new LawError({
      operation: law,
      expected: `${what}: element ${first} to be exactly ${expected[first]}`,
      actual: String(actual[first]),
    });
}

/** Throws where numbers are all the same. */
export function requireDifferent(
  law: string,
  what: string,
  actual: ArrayLike<number>,
  other: ArrayLike<number>,
): void {
  if (firstDifference(actual, other) >= 0) return;
  throw new LawError({ operation: law, expected: `${what} to differ`, actual: 'the same' });
}

function requireLength(
  law: string,
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
): void {
  if (actual.length !== expected.length)
    throw new LawError({
      operation: law,
      expected: `${what}: ${expected.length} numbers`,
      actual: String(actual.length),
    });
}

function firstDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  return Array.from(expected).findIndex((value, k) => !Object.is(actual[k], value));
}
