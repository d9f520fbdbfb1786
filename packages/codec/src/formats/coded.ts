import { CodewordDecoder } from '../coder/engine/codeword-decoder.ts';
import { check } from '../container/faults.ts';
import { elementCount, isShape } from '../container/safetensors.ts';
import type { TensorDecoder } from './tensor-codec.ts';

/** Codes of eight bits, −128 among them: those of every scheme with learned steps. */
export const most = 128;
/** Levels that a byte can hold at most: the least share of the range that a bin has costs 1/122 bit. */
const levelsPerByte = 1000;
export const greaterFlags = 11;

export type CodedSaid = {
  readonly step: number;
  /** The shape of the values; the stored bytes have one dimension. */
  readonly shape: readonly number[];
};

/**
 * Whole numbers from −128 to 128 times a step, entropy coded (DeepCABAC). Values that are such multiples already, as those of
 * trained codes are, come back bit for bit in as few bytes as they are worth; others are quantised as by `i8` first.
 */
export const coded: TensorDecoder<CodedSaid> & { readonly id: 'coded' } & Required<
    Pick<TensorDecoder, 'valuesOf'>
  > = {
  id: 'coded',
  lossless: false,
  bits: 10,
  said: {
    step: check('a number above 0', (step) => typeof step === 'number' && step > 0),
    shape: isShape,
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
    return coded.valuesOf(levels, step, refuse);
  },
  valuesOf(levels, step, refuse) {
    // Each value takes the place of its level: levels are most of what a file of zeros needs.
    const values = new Float32Array(levels.buffer);
    for (let i = 0; i < levels.length; i++) {
      const level = levels[i] as number;
      if (Math.abs(level) > most) refuse(`levels from −${most} to ${most}`, `${level}`);
      values[i] = level * step;
      if (!Number.isFinite(values[i])) refuse('values within the range of f32', `${level} · ${step}`);
    }
    return values;
  },
};
