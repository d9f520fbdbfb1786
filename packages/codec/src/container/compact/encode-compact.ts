import { ArgumentError, crc32, refuseUnknown } from '@funhash/hashing';
import type { StorageChoice } from '../../formats/storage-formats.ts';
import { canonicalJson } from '../../json/canonical-json.ts';
import { compareCodePoints, type JsonValue } from '../../json/json.ts';
import { type Model, specLimits } from '../model-file.ts';
import { entryOf } from '../read-entries.ts';
import { arrayOf, type StoredTensor } from '../safetensors.ts';
import { storedTensors } from '../stored-tensors.ts';
import { BitWriter } from './bit-port.ts';
import { flags, headBytes, limits, magic, placeOfHalf } from './compact-file.ts';
import { Numbers, Texts } from './transfer.ts';

/** What the text says of a tensor, and the way of its contents. */
interface Part {
  readonly line: readonly JsonValue[];
  write(port: BitWriter, numbers: Numbers, last: Last): void;
}

/** The one number of the last tensor of one f32: a step is often that. */
interface Last {
  step: number;
}

/**
 * A model file that is as short as it can be: the description under a model of texts that knows such descriptions, levels under one
 * that learns them as it goes, a checksum. Equal models give equal bytes; `decodeCompact` reads them.
 *
 * @param model.storeAs as of `encodeModel`
 * @throws ArgumentError for what `encodeModel` refuses, a description of more than 64 KiB, more than 4096 tensors
 */
export function encodeCompact(model: Model & { readonly storeAs?: StorageChoice }): Uint8Array {
  refuseUnknown('encodeCompact', ['spec', 'tensors', 'storeAs'], model);
  const all = [...storedTensors(model)].sort((a, b) => compareCodePoints(a.name, b.name));
  if (all.length > limits.tensors) throw tooLarge(`at most ${limits.tensors} tensors`, `${all.length}`);
  const parts = all.map(({ name, shape, codec, real, tensor, encode }): Part => {
    if (codec?.levelsOf && codec.valuesOf) {
      const { levels, step } = codec.levelsOf(real);
      return { line: [name, codec.id, ...shape], write: (...to) => writeLevels(levels.slice(), step, ...to) };
    }
    if (!codec) return rawPart(name, undefined, tensor());
    const { stored, said } = encode(codec);
    return rawPart(name, codec.native === undefined ? { ...entryOf(codec, said) } : undefined, stored);
  });
  const text = canonicalJson({ spec: model.spec, tensors: parts.map(({ line }) => line) }, specLimits);
  const length = new TextEncoder().encode(text).length;
  if (length > limits.text) throw tooLarge(`a description of at most ${limits.text} bytes`, `${length}`);
  const port = new BitWriter();
  Texts.code(port, text, limits.text, () => {
    throw tooLarge('a shorter description', 'a longer one');
  });
  const numbers = new Numbers();
  const last = { step: 0 };
  for (const part of parts) part.write(port, numbers, last);
  const code = port.finish();
  const file = new Uint8Array(headBytes + code.length);
  file.set(magic);
  file.set(code, headBytes);
  new DataView(file.buffer).setUint32(4, crc32(code), true);
  return file;
}

const tooLarge = (expected: string, actual: string): ArgumentError =>
  new ArgumentError({
    operation: 'encodeCompact',
    expected,
    actual,
    remedy: 'Save it as safetensors: leave out compact.',
  });

function rawPart(name: string, entry: JsonValue | undefined, { dtype, shape, data }: StoredTensor): Part {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  const width = arrayOf[dtype].BYTES_PER_ELEMENT;
  return {
    line: [name, entry ?? dtype, ...shape],
    write: (port, numbers, last) => {
      const isF32 = dtype === 'F32';
      if (isF32 && data.length === 1) last.step = data[0] as number;
      const isShort = isF32 && bytes.every((byte, k) => k % 4 > 1 || byte === 0);
      if (!isF32 || !numbers.flag(port, flags.halves, isShort)) numbers.bytes(port, bytes, width);
      else
        numbers.bytes(
          port,
          Uint8Array.from({ length: bytes.length / 2 }, (_, k) => bytes[placeOfHalf(k)] as number),
          2,
        );
    },
  };
}

function writeLevels(levels: Int32Array, step: number, port: BitWriter, numbers: Numbers, last: Last): void {
  if (!numbers.flag(port, flags.sameStep, step === last.step))
    numbers.bytes(port, new Uint8Array(Float32Array.of(step).buffer), 4);
  numbers.levels(port, levels);
}
