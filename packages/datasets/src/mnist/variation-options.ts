import { ArgumentError } from '@funhash/hashing';
import type { GreyImage } from '../images/grey-image.ts';

/** Options of `variation` and `shapes`. */
export interface VariationOptions {
  /** Decides every image. Default 0. */
  readonly seed?: number;
  /** Training images, validation included: by convention its last sixth. Default 12 000. */
  readonly trainCount?: number;
  /** Default 50 000. */
  readonly testCount?: number;
  /**
   * Photographs to cut patches from; half of the images serves train, half test. Default: 20 generated images,
   * which the data set's name then says.
   */
  readonly backgrounds?: readonly GreyImage[];
}

/** @throws ArgumentError when the counts are not whole numbers ≥ 0 or exceed `available` together. */
export function countsOf(
  operation: string,
  options: VariationOptions,
  available = Number.MAX_SAFE_INTEGER,
): { trainCount: number; testCount: number } {
  const { trainCount = 12_000, testCount = 50_000 } = options;
  const whole = [trainCount, testCount].every((count) => Number.isInteger(count) && count >= 0);
  if (!whole || trainCount + testCount > available) {
    throw new ArgumentError({
      operation,
      expected: `whole trainCount and testCount, together at most ${available}`,
      actual: `${trainCount} and ${testCount}`,
    });
  }
  return { trainCount, testCount };
}
