import {
  ArgumentError,
  checkOptions,
  crc32,
  joinArrays,
  type OptionsOf,
  option,
  quoted,
} from '@funhash/hashing';
import { CodewordWriter } from '../coder/codeword-writer.ts';
import { quantizeDependent } from '../coder/quantize/dependent.ts';
import { stepOf } from '../coder/quantize/step.ts';
import { quantizeUniform } from '../coder/quantize/uniform.ts';
import type { ModelTensor } from '../container/model-file.ts';
import type { Named } from '../container/safetensors.ts';
import { type Base, baseOf, fingerprintOf, kindOf, unitsOf } from './base.ts';
import { greaterFlags, headBytes, magic, stepBits, stepOffset, tailBytes } from './layout.ts';

const operation = 'encodeUpdate';

export const updateRules = {
  /**
   * Distance between levels of what is added, as a share of the root mean square of each tensor of the base. Default 1/8. It is
   * rounded to one of four in an octave.
   */
  step: option.real({ least: 2 ** -60, most: 2 ** 60 }),
  /** Whether `step` is the distance itself, for all tensors alike. Default false. */
  absolute: option.flag(),
  /** Weight of the rate: more leaves out more of what is small; 0 rounds to the nearest. Default 1. */
  lambda: option.real({ least: 0 }),
  /** Whether levels are those of dependent quantisation: smaller errors at equal size where many values change. Default false. */
  dependent: option.flag(),
} as const;

/** How an update is coded; see the fields. */
export type UpdateOptions = OptionsOf<typeof updateRules>;

/**
 * What a tuned network differs from its base by, quantised and entropy-coded. `applyUpdate(base, bytes)` gives back the tuned
 * network as far as its bits tell.
 *
 *     const bytes = encodeUpdate(base.tensors, tuned.tensors, { step: 1 / 4 });
 *
 * Most values should be those of the base: tune with a penalty on the difference (`updatePenalty` of `@funhash/training`).
 *
 * @param base stored values by name, whatever their schemes: those of `decodeModel`
 * @param tuned tensors of the same names, shapes and types; whole numbers are the same
 * @throws ArgumentError for tensors that do not fit each other, values that are not finite, differences of more than 2³⁰ steps
 */
export function encodeUpdate(
  base: Named<ModelTensor>,
  tuned: Named<ModelTensor>,
  options: UpdateOptions = {},
): Uint8Array {
  checkOptions(operation, updateRules, options);
  const from = baseOf(operation, 'base', base);
  const deltas = deltasOf(from, baseOf(operation, 'tuned', tuned));
  const { step = 1 / 8, absolute = false, lambda = 1, dependent = false } = options;
  const number = stepNumber(step);
  const units = absolute ? from.reals.map(() => 1) : unitsOf(from);
  const scaled = deltas.map((delta, k) => delta.map((x) => x / (units[k] as number)));
  const quantize = dependent ? quantizeDependent : quantizeUniform;
  const rate = { step: stepOf(number), lambda, greaterFlags };
  const codewords = [true, false].map((isJoined) => {
    const levelsOf = (places: readonly number[]): Int32Array[] => {
      const parts = places.map((k) => scaled[k] as Float64Array);
      return isJoined
        ? split(quantize(joinArrays(Float64Array, parts), rate), parts)
        : parts.map((part) => quantize(part, rate));
    };
    // Twice: levels of a trellis depend on the tensors before, and those without any level are left out.
    const changing = [...scaled.keys()].filter((k) => scaled[k]?.some((x) => x !== 0));
    const first = levelsOf(changing);
    const kept = changing.filter((_, at) => first[at]?.some((level) => level !== 0));
    const levels = levelsOf(kept);
    const writer = new CodewordWriter();
    for (const flag of [dependent, absolute, isJoined]) writer.bits(1, flag ? 1 : 0);
    writer.bits(stepBits, number + stepOffset);
    for (const k of scaled.keys()) writer.bits(1, kept.includes(k) ? 1 : 0);
    if (isJoined && kept.length > 0)
      writer.levels(joinArrays(Int32Array, levels), { dependent, greaterFlags });
    if (!isJoined) for (const each of levels) writer.levels(each, { dependent, greaterFlags });
    return writer.finish();
  });
  const codeword = codewords.reduce((a, b) => (b.length < a.length ? b : a));
  const bytes = new Uint8Array(headBytes + codeword.length + tailBytes);
  bytes.set(magic);
  const view = new DataView(bytes.buffer);
  view.setUint32(magic.length, fingerprintOf(from), true);
  bytes.set(codeword, headBytes);
  const end = bytes.length - tailBytes;
  view.setUint32(end, crc32(bytes.subarray(0, end)) >>> 0, true);
  return bytes;
}

/** What each real tensor differs by, in f64. */
function deltasOf(base: Base, tuned: Base): Float64Array[] {
  const refuse = (expected: string, actual: string): never => {
    throw new ArgumentError({
      operation,
      expected,
      actual,
      remedy: 'Give two files of one network: the one that was tuned, and what became of it.',
    });
  };
  const names = (tensors: Base['tensors']): string => tensors.map(([name]) => quoted(name)).join(', ');
  if (base.tensors.length !== tuned.tensors.length)
    refuse(`tensors of the base: ${names(base.tensors)}`, names(tuned.tensors) || 'none');
  for (const [at, [name, was]] of base.tensors.entries()) {
    const [other, is] = tuned.tensors[at] as Base['tensors'][number];
    const label = `tensor ${quoted(name)}`;
    if (name !== other) refuse(label, `tensor ${quoted(other)}`);
    const saying = ({ data, shape }: ModelTensor): string => `${kindOf(data)} [${shape.join(', ')}]`;
    if (saying(was) !== saying(is)) refuse(`${saying(was)} for ${label}`, saying(is));
    const isReal = is.data instanceof Float32Array || is.data instanceof Float64Array;
    if (!isReal && is.data.some((x, k) => x !== was.data[k]))
      refuse(`the whole numbers of the base for ${label}`, 'others');
  }
  return base.reals.map(({ name, data }, k) => {
    const is = (tuned.reals[k] as Base['reals'][number]).data;
    return Float64Array.from(data, (x, i) => {
      const delta = (is[i] as number) - x;
      return Number.isFinite(delta)
        ? delta
        : refuse(`finite values for tensor ${quoted(name)}`, `${is[i]} and ${x} at index ${i}`);
    });
  });
}

/** The number of the nearest step that can be written. */
function stepNumber(step: number): number {
  const octave = Math.floor(Math.log2(step));
  let best = 4 * octave;
  for (let number = 4 * octave - 4; number <= 4 * octave + 8; number++)
    if (Math.abs(Math.log(stepOf(number) / step)) < Math.abs(Math.log(stepOf(best) / step))) best = number;
  return Math.max(-stepOffset, Math.min(2 ** stepBits - 1 - stepOffset, best));
}

function split(levels: Int32Array, parts: readonly { readonly length: number }[]): Int32Array[] {
  let at = 0;
  return parts.map(({ length }) => {
    at += length;
    return levels.subarray(at - length, at);
  });
}
