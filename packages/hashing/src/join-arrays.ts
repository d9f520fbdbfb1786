/**
 * Joins arrays, one behind the other, in a new one of the type that is given: `joinArrays(Uint8Array, [head, body])`. Elements are
 * converted as assignments to that type convert them.
 */
export function joinArrays<A extends { set(part: ArrayLike<number>, at: number): void }>(
  List: new (length: number) => A,
  parts: readonly ArrayLike<number>[],
): A {
  const whole = new List(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
