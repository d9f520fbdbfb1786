const value = new Float32Array(1);
const pattern = new Uint32Array(value.buffer);

/**
 * The f32 bit pattern next to an f64 value: the value itself when f32 has it, else whichever of its two neighbours
 * has an odd significand. A later rounding to a shorter format then gives what rounding the f64 value itself would
 * give, which rounding twice to nearest would not (Boldo and Melquiond 2008, doi:10.1109/TC.2007.70819).
 */
export function roundToOddFloat32(x: number): number {
  value[0] = x;
  const nearest = value[0] as number;
  const bits = pattern[0] as number;
  if (nearest === x || (bits & 1) === 1 || Number.isNaN(x)) return bits;
  return Math.abs(nearest) < Math.abs(x) ? bits + 1 : bits - 1;
}
