import { ArgumentError } from './errors.ts';

/** The constructor of a typed array. */
interface ListOf<A> {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): A;
}

/**
 * Joins arrays, one behind the other, in a new one of the type that is given: `joinArrays(Uint8Array, [head, body])`. Elements are
 * converted as assignments to that type convert them.
 *
 * @throws ArgumentError for what are no arrays, or no type of one
 */
export function joinArrays<A extends { set(part: ArrayLike<number>, at: number): void }>(
  List: ListOf<A>,
  parts: readonly ArrayLike<number>[],
): A {
  if (typeof List !== 'function' || !(List.BYTES_PER_ELEMENT > 0))
    throw new ArgumentError({
      operation: 'joinArrays',
      expected: 'a type such as Uint8Array',
      actual: typeof List,
    });
  if (!areArrays(parts))
    throw new ArgumentError({
      operation: 'joinArrays',
      expected: 'a list of arrays of numbers',
      actual: 'something else',
    });
  const whole = new List(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const areArrays = (parts: unknown): boolean =>
  Array.isArray(parts) && Array.from(parts).every((part) => Array.isArray(part) || ArrayBuffer.isView(part));
