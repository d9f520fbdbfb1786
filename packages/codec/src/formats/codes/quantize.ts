import { largestMagnitude } from '../range.ts';
import { type CodeBits, maxCode, maxFloat32, type Quantized } from './dequantize.ts';

/** Keeps the product of a code and a scale off the subnormal numbers, where f32 has few digits. */
const leastScale = 1e-37;
const digits = 4;
const mostOctaves = 6;
const coarseSteps = 4;
const fineSteps = 8;
const polishSteps = 3;

/**
 * Symmetric uniform quantisation: each value to its nearest code, those beyond ±m · scale to ±m.
 *
 * The scale is searched for the least squared error: from max|x| / m down over 6 octaves, 4 steps to each, then 32
 * steps to the octave around the best, then the scale that fits the codes best, Σ x·code / Σ code², three times. It
 * has 4 decimal digits and makes the largest value ±m, so that the values read back give it exactly: what was
 * quantised once is never changed again.
 *
 * @throws ArgumentError for values that are not finite or beyond the range of f32
 */
export function quantize(data: Float32Array | Float64Array, bits: CodeBits): Quantized {
  const most = maxCode(bits);
  const largest = largestMagnitude(`i${bits}`, data, maxFloat32);
  let scale = 0;
  let least = Number.POSITIVE_INFINITY;
  /** Whether a scale is better than all before it. */
  const isBest = (exact: number): boolean => {
    const candidate = Math.max(leastScale, Number(exact.toPrecision(digits)));
    const isRecoverable = largest / candidate >= most - 0.5 || candidate === leastScale;
    if (!isRecoverable) return false;
    // Beyond the range of f32 the error is infinite.
    const error = squaredError(data, candidate, most);
    if (error >= least) return false;
    least = error;
    scale = candidate;
    return true;
  };
  const below = (octaves: number): number => (largest / most) * 2 ** -octaves;
  let best = 0;
  for (let k = 0; k <= mostOctaves * coarseSteps; k++)
    if (isBest(below(k / coarseSteps))) best = k / coarseSteps;
  for (let k = 1 - fineSteps; k < fineSteps; k++) {
    const octaves = best + k / (coarseSteps * fineSteps);
    if (octaves > 0) isBest(below(octaves));
  }
  for (let k = 0; k < polishSteps; k++) isBest(fittedScale(data, scale, most));
  const codes = new Int8Array(data.length);
  for (let i = 0; i < data.length; i++) codes[i] = codeOf(data[i] as number, scale, most);
  return { codes, scale };
}

function codeOf(x: number, scale: number, most: number): number {
  return Math.max(-most, Math.min(most, Math.round(x / scale)));
}

/** The scale of least squared error for the codes that another scale gives. */
function fittedScale(data: Float32Array | Float64Array, scale: number, most: number): number {
  let products = 0;
  let squares = 0;
  for (let i = 0; i < data.length; i++) {
    const code = codeOf(data[i] as number, scale, most);
    products += (data[i] as number) * code;
    squares += code * code;
  }
  return products / squares;
}

function squaredError(data: Float32Array | Float64Array, scale: number, most: number): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++) {
    const x = data[i] as number;
    sum += (x - Math.fround(codeOf(x, scale, most) * scale)) ** 2;
  }
  return sum;
}
