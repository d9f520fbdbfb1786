import { ArgumentError } from '@funhash/hashing';
import type { RealArray } from './tensor-codec.ts';

/** The refusal of a value that a format cannot hold. */
export function beyondRange(id: string, x: number | undefined, index: number): ArgumentError {
  return new ArgumentError({
    operation: `store as ${id}`,
    expected: `values within the range of ${id}`,
    actual: `${x} at index ${index}`,
    remedy: 'Give storeAs a format of a wider range, or none.',
  });
}

/**
 * The largest magnitude among values, 0 of none.
 *
 * @throws ArgumentError for one above `most`, infinities and NaN
 */
export function largestMagnitude(id: string, data: RealArray, most: number): number {
  let largest = 0;
  for (let i = 0; i < data.length; i++) {
    const magnitude = Math.abs(data[i] as number);
    if (!(magnitude <= most)) throw beyondRange(id, data[i], i);
    if (magnitude > largest) largest = magnitude;
  }
  return largest;
}
