import { mulHigh } from './word64.ts';

/**
 * The bucket of a hash: floor(h·n / 2^32), exact for every unsigned 32-bit `h` and `n`, in 0 … n − 1. It takes the
 * high bits of `h`, so bit 0 stays free for `signOf` (Lemire 2019, "Fast random integer generation in an interval").
 */
export function below(h: number, n: number): number {
  return mulHigh(h, n);
}

/** The sign of a hash, from bit 0: +1 for 0, −1 for 1. */
export function signOf(h: number): 1 | -1 {
  return (h & 1) === 0 ? 1 : -1;
}
