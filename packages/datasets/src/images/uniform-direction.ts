import type { Random } from '@funhash/hashing';

/**
 * A uniform point of the unit circle: cosine and sine of a uniform angle. It uses only operations that IEEE 754
 * rounds exactly, so every engine draws the same point; `Math.cos` would not promise that.
 */
export function uniformDirection(random: Random): readonly [x: number, y: number] {
  for (;;) {
    const x = 2 * random.uniform() - 1;
    const y = 2 * random.uniform() - 1;
    const square = x * x + y * y;
    if (square > 1 || square < 1e-6) continue;
    const length = Math.sqrt(square);
    return [x / length, y / length];
  }
}
