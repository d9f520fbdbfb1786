import { quoted } from '@funhash/hashing';
import { refuseAs } from '../coder/bitstream-error.ts';
import type { ModelTensor } from '../container/model-file.ts';
import type { Named } from '../container/safetensors.ts';
import { baseOf, fingerprintOf, type RealTensor, unitsOf } from './base.ts';
import { openUpdate } from './inspect-update.ts';
import { greaterFlags } from './layout.ts';

const operation = 'applyUpdate';
const refuse = refuseAs(operation);

/**
 * The tensors of a tuned network: those of its base with an update applied. Those that it does not change are the same arrays.
 *
 * @param base the tensors that `encodeUpdate` had, bit for bit
 * @throws BitstreamError for bytes that are no update, are damaged or cut off, or are for another base
 */
export function applyUpdate(base: Named<ModelTensor>, bytes: Uint8Array): Map<string, ModelTensor> {
  const from = baseOf(operation, 'base', base);
  const {
    base: fingerprint,
    step,
    absolute,
    dependent,
    isJoined,
    reader,
    codewordBytes,
  } = openUpdate(operation, bytes);
  const found = fingerprintOf(from);
  if (found !== fingerprint)
    refuse(`the base with fingerprint ${hexOf(fingerprint)}`, `another, with ${hexOf(found)}`);
  const changing = from.reals.map(() => reader.bits(1) === 1);
  const units = absolute ? from.reals.map(() => 1) : unitsOf(from);
  const tuned = new Map<string, ModelTensor>(from.tensors);
  const places = [...from.reals.keys()].filter((k) => changing[k]);
  const lengths = places.map((k) => (from.reals[k] as RealTensor).data.length);
  const options = { dependent, greaterFlags };
  const whole = lengths.reduce((a, b) => a + b, 0);
  const all = isJoined && places.length > 0 ? reader.levels(whole, options) : undefined;
  let at = 0;
  for (const [place, k] of places.entries()) {
    const length = lengths[place] as number;
    const levels = all?.subarray(at, at + length) ?? reader.levels(length, options);
    at += length;
    const tensor = from.reals[k] as RealTensor;
    tuned.set(tensor.name, changed(tensor, levels, Math.fround(step * (units[k] as number))));
  }
  const end = reader.finish();
  if (end !== codewordBytes) refuse('the end of the codeword', `${codewordBytes - end} more bytes`);
  return tuned;
}

function changed({ name, shape, data }: RealTensor, levels: Int32Array, step: number): ModelTensor {
  const values = data.slice();
  for (const [i, level] of levels.entries())
    if (level !== 0) {
      values[i] = (values[i] as number) + step * level;
      if (!Number.isFinite(values[i])) refuse(`finite values for tensor ${quoted(name)}`, `${values[i]}`);
    }
  return { shape, data: values };
}

const hexOf = (word: number): string => word.toString(16).padStart(8, '0');
