import { checkArgument, option } from '@funhash/hashing';

const parameter = option.integer({ least: -400, most: 400 });
const density = option.integer({ most: 7 });

/**
 * The step between levels that the standard writes as a whole number: `2^density` steps in each octave, 1 at 0.
 * (K + (qp mod K)) · 2^(⌊qp / K⌋ − density) for K = 2^density, as f32.
 *
 * @param qp the quantisation parameter, −400 to 400
 * @param qpDensity 0 to 7; default 2: four steps in an octave
 * @throws ArgumentError for other numbers
 */
export function stepOf(qp: number, qpDensity = 2): number {
  checkArgument('stepOf', 'qp', parameter, qp);
  checkArgument('stepOf', 'qpDensity', density, qpDensity);
  const k = 2 ** qpDensity;
  return Math.fround((k + (qp & (k - 1))) * 2 ** ((qp >> qpDensity) - qpDensity));
}

/** Values of levels: level · step, as f32. */
export function dequantizeLevels(levels: Int32Array, step: number): Float32Array {
  const values = new Float32Array(levels.length);
  for (let i = 0; i < levels.length; i++) values[i] = step * Math.fround(levels[i] as number);
  return values;
}
