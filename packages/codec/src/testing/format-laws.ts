import { ArgumentError, printable } from '@funhash/hashing';
import { type Law, LawError } from '@funhash/hashing/testing';
import fc from 'fast-check';
import { ModelFileError } from '../container/model-file-error.ts';
import { entryOf } from '../container/read-entries.ts';
import type { StoredTensor } from '../container/safetensors.ts';
import type { RealArray, Said, TensorCodec } from '../formats/tensor-codec.ts';
import type { JsonValue } from '../json/json.ts';
import { arrayBytes, fileOf, saved, type Values, valuesIn } from './files.ts';
import { anyValues, hostile, sample, strangeEntries, weights } from './samples.ts';

/** What `formatLaws` checks, by name. */
const laws = { statement, roundTrip, sameBytes, again, size, refusal, fields, bounds };

/** The name of a law of storage formats. */
export type FormatLawName = keyof typeof laws;

/**
 * The laws of a storage format, checked in files that hold a tensor of it:
 *
 * - `statement`: id, bits, dtype and fields are of the form that the contract names;
 * - `roundTrip`: weights from −8 to 8 come back in their shape, each within `errorBound`, or bit for bit where the format
 *   is lossless; any other values do too, or are refused by an ArgumentError;
 * - `sameBytes`: equal values, f64 ones too, make equal files;
 * - `again`: what was read back is stored again to the same bytes;
 * - `size`: values take at most `bits` bits each, and 64 bytes for the tensor;
 * - `refusal`: damaged bytes, shapes, dtypes and entries give a ModelFileError, or values of the stated shape;
 * - `fields`: objects, lists, texts, negative, huge and absent values in place of any field, and of an entry, do so too, in a
 *   message that is short and cannot steer a terminal;
 * - `bounds`: entries that promise more than there is are refused before memory is taken for it.
 *
 * Laws throw `LawError`. Cases are always the same ones.
 *
 * @example
 * for (const law of formatLaws(f8)) test(law.name, law.check);
 */
export function formatLaws(codec: TensorCodec): (Law & { readonly name: FormatLawName })[] {
  return (Object.keys(laws) as FormatLawName[]).map((name) => ({ name, check: () => laws[name](codec) }));
}

function requireThat(law: FormatLawName, holds: boolean, expected: string, actual: string): void {
  if (!holds) throw new LawError({ operation: law, expected, actual });
}

/** A message tells one thing: long values of a file are cut. */
const mostMessage = 1000;

/** Runs `check` on generated cases; throws the error of the smallest one that fails. */
function forAll<T>(cases: fc.Arbitrary<T>, check: (value: T) => void, numRuns = 200): void {
  const property = fc.property(cases, (value) => void check(value));
  const result = fc.check(property, { seed: 20220912, numRuns });
  if (result.failed) throw result.errorInstance;
}

function statement({ id, bits, said, native, field }: TensorCodec): void {
  requireThat('statement', /^[a-z][a-z0-9]*$/.test(id), 'an id of lower-case letters and digits', id);
  requireThat('statement', bits > 0 && bits <= 64, 'bits above 0, 64 at most', String(bits));
  requireThat('statement', !('format' in said), 'no field "format" in said', Object.keys(said).join(', '));
  requireThat(
    'statement',
    native === undefined || (field === undefined && Object.keys(said).length === 0),
    'no field and nothing said where a dtype says all',
    `${field}, ${Object.keys(said).join(', ')}`,
  );
}

function roundTrip(codec: TensorCodec): void {
  forAll(weights, (values) => requireReadBack(codec, values, readBack(codec, values)));
  forAll(anyValues, (values) => {
    const found = unlessRefused(() => readBack(codec, values));
    if (found !== undefined) requireReadBack(codec, values, found);
  });
}

function readBack(codec: TensorCodec, values: Values): Values {
  return valuesIn(saved(codec, values), codec);
}

function requireReadBack(codec: TensorCodec, { shape, data }: Values, found: Values): void {
  const [expected, actual] = [shape.join(', '), found.shape.join(', ')];
  requireThat('roundTrip', expected === actual, `values of shape [${expected}]`, `[${actual}]`);
  requireThat('roundTrip', found.data instanceof Float32Array, 'a Float32Array', found.data.constructor.name);
  requireThat(
    'roundTrip',
    found.data.length === data.length,
    `${data.length} values`,
    `${found.data.length}`,
  );
  if (codec.lossless && data instanceof Float32Array) {
    const [from, to] = [data, found.data].map((a) => new Uint32Array(a.buffer, a.byteOffset, a.length));
    data.forEach((x, k) => {
      requireThat('roundTrip', from?.[k] === to?.[k], `${x} at ${k} bit for bit`, String(found.data[k]));
    });
    return;
  }
  const { said } = codec.encode(data, shape);
  data.forEach((x, k) => {
    const y = found.data[k] as number;
    const bound = codec.errorBound(x, said);
    const holds = Number.isFinite(x) ? Math.abs(x - y) <= bound : Object.is(x, y);
    requireThat('roundTrip', holds, `${x} at ${k} within ${bound}`, String(y));
  });
}

function sameBytes(codec: TensorCodec): void {
  forAll(weights, ({ shape, data }) => {
    const file = saved(codec, { shape, data });
    const copy = { shape, data: data.slice() as RealArray };
    requireSameFile('sameBytes', saved(codec, copy), file, 'of a copy');
    const wide = { shape, data: Float64Array.from(data) };
    requireSameFile('sameBytes', saved(codec, wide), file, 'of the same values as f64');
  });
}

function again(codec: TensorCodec): void {
  const requireSame = (values: Values): void => {
    const file = unlessRefused(() => saved(codec, values));
    if (file !== undefined)
      requireSameFile('again', saved(codec, valuesIn(file, codec)), file, 'of what was read back');
  };
  forAll(weights, requireSame);
  forAll(anyValues, requireSame);
}

function requireSameFile(law: FormatLawName, found: Uint8Array, file: Uint8Array, what: string): void {
  const first = found.findIndex((byte, k) => byte !== file[k]);
  const isSame = found.length === file.length && first < 0;
  requireThat(law, isSame, `the file ${what} to be the same`, `another one, from byte ${first} on`);
}

function size(codec: TensorCodec): void {
  for (const count of [0, 1, 7, 1000]) {
    const { stored } = codec.encode(sample(count), [count]);
    const most = Math.ceil((count * codec.bits) / 8) + 64;
    const { byteLength } = stored.data;
    requireThat('size', byteLength <= most, `${count} values in ${most} bytes at most`, `${byteLength}`);
  }
}

function refusal(codec: TensorCodec): void {
  forAll(
    hostile(codec),
    ({ stored, said }) => requireRefusalOrValues('refusal', codec, stored, entryOf(codec, said)),
    2000,
  );
}

function fields(codec: TensorCodec): void {
  for (const count of [0, 5]) {
    const { stored, said } = codec.encode(sample(count), [count]);
    for (const entry of strangeEntries(codec, said)) {
      const found = requireRefusalOrValues('fields', codec, stored, entry);
      const isReal = found === undefined || found.data.every((x) => Number.isFinite(x));
      requireThat(
        'fields',
        isReal,
        'a refusal, or numbers',
        `NaN for ${JSON.stringify(entry).slice(0, 200)}`,
      );
    }
  }
}

function bounds(codec: TensorCodec): void {
  const promises = [2 ** 20, 2 ** 28, 2 ** 28 + 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 1e300, -1];
  for (const count of [0, 5, 40]) {
    const { stored, said } = codec.encode(sample(count), [count]);
    for (const promise of promises)
      for (const other of inflated(said, promise)) {
        const entry = entryOf(codec, other as Said);
        const before = arrayBytes();
        const values = requireRefusalOrValues('bounds', codec, stored, entry);
        if (values !== undefined) continue;
        const taken = arrayBytes() - before;
        requireThat('bounds', taken < 2 ** 22, 'a refusal that takes less than 4 MiB', `${taken} bytes`);
      }
  }
}

/** A value, each time with another number in it replaced, lists by longer ones too. */
function* inflated(value: unknown, by: number): Generator<unknown> {
  if (typeof value === 'number') yield by;
  if (Array.isArray(value)) {
    yield* [[by], [by, by], [by, 0], Array.from({ length: 4 }, () => Math.ceil(by ** 0.25))];
    for (const [k, member] of value.entries())
      for (const other of inflated(member, by)) yield value.with(k, other);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, member] of Object.entries(value))
      for (const other of inflated(member, by)) yield { ...value, [name]: other };
  }
}

function requireRefusalOrValues(
  law: FormatLawName,
  codec: TensorCodec,
  stored: StoredTensor,
  entry: JsonValue,
): Values | undefined {
  let values: Values;
  try {
    values = valuesIn(fileOf(codec, stored, entry), codec);
  } catch (error) {
    const isTyped = error instanceof ModelFileError;
    const text = JSON.stringify(entry).slice(0, 200);
    requireThat(law, isTyped, 'a ModelFileError or values', `${error} for ${text}`);
    const { message } = error as ModelFileError;
    const isSafe = message.length <= mostMessage && message === printable(message);
    requireThat(
      law,
      isSafe,
      `a printable message of at most ${mostMessage} characters`,
      message.slice(0, 200),
    );
    return undefined;
  }
  const count = values.shape.reduce((a, b) => a * b, 1);
  const { length } = values.data;
  requireThat(law, length === count, `${count} values of shape [${values.shape.join(', ')}]`, `${length}`);
  return values;
}

/** Undefined where a value is refused as one that the format cannot hold. */
function unlessRefused<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof ArgumentError) return undefined;
    throw error;
  }
}
