import { CodewordWriter } from '../coder/codeword-writer.ts';
import { CodewordDecoder } from '../coder/engine/codeword-decoder.ts';
import { check } from '../container/faults.ts';
import { elementCount, isShape } from '../container/safetensors.ts';
import { dequantize, maxFloat32 } from './codes/dequantize.ts';
import { quantize } from './codes/quantize.ts';
import { largestMagnitude } from './range.ts';
import type { RealArray, TensorCodec } from './tensor-codec.ts';

/** Codes of eight bits, −128 among them: those of every scheme with learned steps. */
const most = 128;
/** Levels that a byte can hold at most: the least share of the range that a bin has costs 1/122 bit. */
const levelsPerByte = 1000;
const greaterFlags = 11;

type CodedSaid = {
  readonly step: number;
  /** The shape of the values; the stored bytes have one dimension. */
  readonly shape: readonly number[];
};

interface Levels {
  readonly levels: Int32Array;
  readonly step: number;
}

/**
 * Whole numbers from −128 to 128 times a step, entropy coded (DeepCABAC). Values that are such multiples already, as those of
 * trained codes are, come back bit for bit in as few bytes as they are worth; others are quantised as by `i8` first.
 */
export const coded: TensorCodec<CodedSaid> & { readonly id: 'coded' } = {
  id: 'coded',
  lossless: false,
  bits: 10,
  said: {
    step: check('a number above 0', (step) => typeof step === 'number' && step > 0),
    shape: isShape,
  },
  errorBound: (x, { step }) => Math.max(step / 2, Math.abs(x) - (most - 1) * step) + Math.abs(x) * 2 ** -23,
  encode(data, shape) {
    const largest = largestMagnitude('coded', data, maxFloat32);
    const { levels, step } = multiples(data, largest) ?? quantized(data);
    const writer = new CodewordWriter();
    writer.levels(levels, { greaterFlags });
    const bytes = writer.finish();
    return { stored: { dtype: 'U8', shape: [bytes.length], data: bytes }, said: { step, shape } };
  },
  shapeOf({ stored: { dtype, shape: lengths, data }, said: { shape } }, refuse) {
    const count = elementCount(shape) ?? Number.NaN;
    if (dtype !== 'U8' || lengths.length !== 1) refuse('a list of bytes', `${dtype} [${lengths.join(', ')}]`);
    if (!(count <= levelsPerByte * data.length))
      refuse(
        `at most ${levelsPerByte * data.length} values in ${data.length} bytes`,
        `shape [${shape.join(', ')}]`,
      );
    return shape;
  },
  decode({ stored, said: { step } }, shape, refuse) {
    const bytes = stored.data as Uint8Array;
    const levels = new Int32Array(elementCount(shape) as number);
    const decoder = new CodewordDecoder(bytes, refuse);
    decoder.levels(levels, { greaterFlags, dependent: false, segment: 0 });
    const length = decoder.finish();
    if (length !== bytes.length) refuse(`${length} bytes`, `${bytes.length}`);
    const values = new Float32Array(levels.length);
    for (let i = 0; i < levels.length; i++) {
      const level = levels[i] as number;
      if (Math.abs(level) > most) refuse(`levels from −${most} to ${most}`, `${level}`);
      values[i] = level * step;
      if (!Number.isFinite(values[i])) refuse('values within the range of f32', `${level} · ${step}`);
    }
    return values;
  },
};

/** Values that are no multiples, in the steps of `i8`. */
function quantized(data: RealArray): Levels {
  const codes = quantize(data, 8);
  const values = dequantize(codes);
  // What is read back must be found again, and stored as it was.
  const found = multiples(values, largestMagnitude('coded', values, maxFloat32));
  return found ?? { levels: Int32Array.from(codes.codes), step: codes.scale };
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
