import { CodewordWriter } from '../../coder/codeword-writer.ts';
import { type CodedSaid, greaterFlags, most } from '../coded.ts';
import { dequantize, maxFloat32 } from '../codes/dequantize.ts';
import { quantize } from '../codes/quantize.ts';
import { largestMagnitude } from '../range.ts';
import type { Levels, RealArray, TensorEncoder } from '../tensor-codec.ts';

export const coded: TensorEncoder<CodedSaid> & Required<Pick<TensorEncoder, 'levelsOf'>> = {
  errorBound: (x, { step }) => Math.max(step / 2, Math.abs(x) - (most - 1) * step) + Math.abs(x) * 2 ** -23,
  encode(data, shape) {
    const { levels, step } = coded.levelsOf(data);
    const writer = new CodewordWriter();
    writer.levels(levels, { greaterFlags });
    const bytes = writer.finish();
    return { stored: { dtype: 'U8', shape: [bytes.length], data: bytes }, said: { step, shape } };
  },
  levelsOf(data) {
    return multiples(data, largestMagnitude('coded', data, maxFloat32)) ?? quantized(data);
  },
};

/** Values that are no multiples, in the steps of `i8`. */
function quantized(data: RealArray): Levels {
  const codes = quantize(data, 8);
  const values = dequantize({ ...codes, scale: Math.fround(codes.scale) });
  // What is read back must be found again, and stored as it was.
  const found = multiples(values, largestMagnitude('coded', values, maxFloat32));
  return found ?? { levels: Int32Array.from(codes.codes), step: Math.fround(codes.scale) };
}

/** The levels of values that are multiples of one f32 up to ±128, rounded to f32; undefined of others. */
function multiples(data: RealArray, largest: number): Levels | undefined {
  if (largest === 0) return { levels: new Int32Array(data.length), step: 1 };
  const levels = new Int32Array(data.length);
  let least = largest;
  for (const x of data) if (x !== 0) least = Math.min(least, Math.abs(x));
  for (let k = 1; k <= most; k++) {
    // The quotient of a rounded product may be one f32 off.
    const nearest = Math.fround(least / k);
    const ulp = 2 ** (Math.floor(Math.log2(nearest)) - 23);
    for (const step of [nearest, Math.fround(nearest - ulp), Math.fround(nearest + ulp)]) {
      if (!(step > 0) || most * step > maxFloat32 || largest > (most + 0.5) * step) continue;
      if (areMultiples(data, step, levels)) return { levels, step };
    }
  }
  return undefined;
}

function areMultiples(data: RealArray, step: number, levels: Int32Array): boolean {
  for (let i = 0; i < data.length; i++) {
    const x = data[i] as number;
    const level = Math.round(x / step);
    if (Math.fround(level * step) !== x || Math.abs(level) > most) return false;
    levels[i] = level;
  }
  return true;
}
