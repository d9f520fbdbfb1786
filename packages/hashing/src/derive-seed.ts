import { ArgumentError } from './errors.ts';
import { shownValue } from './options/check-options.ts';
import { xxHash32 } from './xx-hash32.ts';

/** A name for a derived seed or stream: any string, or any finite number. */
export type SeedLabel = number | string;

/**
 * A seed for one part of a program, from the seed of the whole: `deriveSeed(7, 'layer', 3)`. The labels are hashed
 * one after the other (xxHash32), so other labels, or the same in another order, give unrelated seeds.
 *
 * @param seed any finite number
 * @returns an unsigned 32-bit number
 * @throws ArgumentError when the seed or a number label is not finite
 */
export function deriveSeed(seed: number, ...labels: readonly SeedLabel[]): number {
  let h = 0;
  for (const label of [seed, ...labels]) h = xxHash32(labelBytes('deriveSeed', label), h);
  return h;
}

/** An injective encoding of labels: a type byte, then UTF-8 or a little-endian double. */
export function labelBytes(operation: string, label: SeedLabel): Uint8Array {
  if (typeof label === 'string') return new TextEncoder().encode(`\u0001${label}`);
  if (!Number.isFinite(label)) {
    throw new ArgumentError({
      operation,
      expected: 'seeds and labels that are strings or finite numbers',
      actual: shownValue(label),
    });
  }
  const bytes = new Uint8Array(9);
  // Adding 0 turns −0 into 0: they are equal as labels.
  new DataView(bytes.buffer).setFloat64(1, label + 0, true);
  return bytes;
}
