import type { Random } from '@funhash/hashing';

export type Draw = Random;

export const pick = <T>(draw: Draw, list: ArrayLike<T>): T => list[draw.integer(list.length)] as T;

/** True once in so many times. */
export const oneIn = (draw: Draw, times: number): boolean => draw.integer(times) === 0;

/** Numbers where signs, widths and precisions end. */
export const edges: readonly number[] = [
  ...[0, 1, 2, 3, 7, 8, 127, 128, 255, 256, 257, 32767, 32768, 65535, 65536],
  ...[2 ** 20, 2 ** 24, 2 ** 26, 2 ** 27, 2 ** 28, 2 ** 29, 2 ** 30, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1],
];
