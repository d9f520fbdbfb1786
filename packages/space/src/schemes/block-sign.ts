import type { Real, Word } from '@funhash/formula';

/**
 * A sign for each entry of a block from the block's one hash h, cheaper than another hash: h, mixed so that its low
 * bits depend on all of it, times an odd word of the lane; the top bit of the product is the sign.
 *
 * The words of the lanes are mixed too. Were they equally spaced, the products of a block would be an arithmetic
 * progression: signs of four lanes would be correlated by 1/3, and few of the 2^n sign patterns would occur.
 */
export function blockSign(h: Word, lane: Word): Real {
  const mixed = h.xor(h.shr(15)).times(0x2c1b3c6d);
  const spread = lane.times(0x9e3779b1).plus(0x85ebca6b);
  const stirred = spread.xor(spread.shr(15)).times(0x2c1b3c6d);
  const multiplier = stirred.xor(stirred.shr(13)).or(1);
  return mixed.xor(mixed.shr(12)).times(multiplier).shr(31).asSign();
}
