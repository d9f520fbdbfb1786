import type { Real, Word } from '@funhash/formula';

/**
 * A sign for each entry of a block from the block's one hash h, cheaper than another hash: h, mixed so that its low
 * bits depend on all of it, times an odd constant of the lane; the top bit of the product is the sign. The lane
 * constants are multiples of the golden ratio's odd 32-bit form.
 */
export function blockSign(h: Word, lane: Word): Real {
  const mixed = h.xor(h.shr(15)).times(0x2c1b3c6d);
  const multiplier = lane.times(0x9e3779ba).plus(0x85ebca6b);
  return mixed.xor(mixed.shr(12)).times(multiplier).shr(31).asSign();
}
