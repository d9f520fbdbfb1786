import { elementwise, expandDims } from '@funhash/autodiff';
import { runPackSigns, type Tensor, tensor } from '@funhash/tensor';

/** Bits of a byte. */
export const bytePlaneCount = 8;

/** What one step of a sum of levels times ±1 is: see `byteLevels`. */
export const levelUnit = 1 / 256;

/** +½ where the bit of weight 1/unit is set in the byte of a level, else −½. */
const bitOf = elementwise('bytePlane', (level, unit) => {
  const shifted = level.times(128).plus(127.5).times(unit);
  return shifted.floor().minus(shifted.times(0.5).floor().times(2)).minus(0.5);
});

/**
 * Levels of bytes, (2b − 255) / 256, as packed planes of their bits: [..., C] → i32 [..., 8, ⌈C/32⌉], lowest first. A
 * level is Σ_p 2^p · s_p / 256 with signs s_p, +1 where bit p of b is set: the first layer by bit planes of Courbariaux
 * et al. 2016, arXiv:1602.02830, section 1.4, with signs in place of bits.
 */
export function bytePlanes(levels: Tensor): Tensor {
  const units = Float32Array.from({ length: bytePlaneCount }, (_, plane) => 2 ** -plane);
  return runPackSigns(bitOf(expandDims(levels, -2), tensor(units, [bytePlaneCount, 1])));
}
