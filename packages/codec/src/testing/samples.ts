import fc from 'fast-check';
import { entryOf } from '../container/read-entries.ts';
import { arrayOf, type Dtype, dtypes, type StoredTensor } from '../container/safetensors.ts';
import type { EncodedTensor, Said, TensorCodec } from '../formats/tensor-codec.ts';
import type { JsonValue } from '../json/json.ts';
import type { Values } from './files.ts';

const shape = fc.array(fc.nat(4), { maxLength: 3 });

function shaped(array: (length: number) => fc.Arbitrary<Values['data']>): fc.Arbitrary<Values> {
  return shape.chain((extents) =>
    array(extents.reduce((a, b) => a * b, 1)).map((data) => ({ shape: extents, data })),
  );
}

const f32 = (length: number, constraints: fc.FloatConstraints = {}): fc.Arbitrary<Float32Array> =>
  fc.float32Array({ minLength: length, maxLength: length, ...constraints });

/** Whole numbers of thousandths times a power of two: values of a like size, as layers have them. */
const alike = (length: number, exponents: { min: number; max: number }): fc.Arbitrary<Float32Array> =>
  fc
    .tuple(
      fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: length, maxLength: length }),
      fc.integer(exponents),
    )
    .map(([numbers, exponent]) => Float32Array.from(numbers, (x) => (x / 1000) * 2 ** exponent));

/** What every format must hold: zeros, values of a like size up to 8, and any others up to 8. */
export const weights: fc.Arbitrary<Values> = shaped((length) =>
  fc.oneof(
    f32(length, { min: -8, max: 8, noNaN: true }),
    alike(length, { min: -12, max: 3 }),
    fc.constant(new Float32Array(length)),
  ),
);

/** Any bits of f32 and f64, infinities and NaN among them; values of a like size near the ends of the range of f32. */
export const anyValues: fc.Arbitrary<Values> = shaped((length) =>
  fc.oneof(
    f32(length),
    f32(length, { noNaN: true, noDefaultInfinity: true }),
    alike(length, { min: -149, max: 128 }),
    alike(length, { min: -149, max: -110 }),
    alike(length, { min: 120, max: 128 }),
    fc.float64Array({ minLength: length, maxLength: length }),
    fc.float64Array({ minLength: length, maxLength: length, min: -1e3, max: 1e3, noNaN: true }),
  ),
);

/** Values of a network, always the same ones. */
export function sample(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, k) => Math.sin(1 + k * k) / 4);
}

/** Tensors of a format that were damaged: elements, shape, dtype, what is said. */
export function hostile(codec: TensorCodec): fc.Arbitrary<EncodedTensor> {
  return fc.constantFrom(0, 1, 5, 24).chain((count) => {
    const { stored, said } = codec.encode(sample(count), [count]);
    return fc.record({
      stored: fc.oneof(fc.constant(stored), damagedBytes(stored), otherTensor),
      said: fc.oneof(fc.constant(said), damagedSaid(said), otherSaid(said)),
    });
  });
}

/** The same dtype with other bits, more of them or fewer; shapes of the same count, or of one dimension. */
function damagedBytes({ dtype, shape, data }: StoredTensor): fc.Arbitrary<StoredTensor> {
  const width = arrayOf[dtype].BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const flipped = fc
    .array(fc.tuple(fc.nat(Math.max(0, bytes.length - 1)), fc.integer({ min: 1, max: 255 })), {
      maxLength: 4,
    })
    .map((flips) => {
      const changed = bytes.slice();
      for (const [at, by] of flips) if (at < changed.length) changed[at] = (changed[at] as number) ^ by;
      return tensorOf(dtype, changed, shape);
    });
  const resized = fc
    .nat(40)
    .chain((length) =>
      fc
        .uint8Array({ minLength: length * width, maxLength: length * width })
        .map((other) => tensorOf(dtype, other, [length])),
    );
  const reshaped = fc
    .constantFrom([data.length, 1], [1, 1, data.length])
    .map((other) => tensorOf(dtype, bytes.slice(), other));
  return fc.oneof(flipped, resized, reshaped);
}

const otherTensor: fc.Arbitrary<StoredTensor> = fc
  .tuple(fc.constantFrom(...dtypes), fc.nat(9))
  .map(([dtype, length]) =>
    tensorOf(dtype, new Uint8Array(length * arrayOf[dtype].BYTES_PER_ELEMENT), [length]),
  );

function tensorOf(dtype: Dtype, bytes: Uint8Array, shape: readonly number[]): StoredTensor {
  return { dtype, shape, data: new arrayOf[dtype](bytes.slice().buffer) } as StoredTensor;
}

const numbers = fc.constantFrom(0, -0, 1, -1, 2, 3, 5, 8, 0.5, 255, 2 ** 31, 2 ** 53, 1e-300, 3e38, 1e300);
const anyJson = fc.oneof(
  numbers,
  fc.array(fc.oneof(numbers, fc.nat(9)), { maxLength: 4 }),
  fc.constantFrom(null, true, '', '1', 'NaN', {}, []),
  fc.jsonValue({ maxDepth: 2 }).map((value) => value as null),
);

/** One field changed, left out, or added. */
function damagedSaid(said: Said): fc.Arbitrary<Said> {
  const names = Object.keys(said);
  const name = fc.constantFrom(...names, 'more', '__proto__');
  return fc
    .tuple(name, fc.option(anyJson))
    .map(([field, value]) =>
      Object.fromEntries([
        ...Object.entries(said).filter(([other]) => other !== field),
        ...given(field, value),
      ]),
    );
}

const given = (field: string, value: unknown): [string, Said[string]][] =>
  value === null ? [] : [[field, value as Said[string]]];

/** Every field changed. */
function otherSaid(said: Said): fc.Arbitrary<Said> {
  return fc.record(Object.fromEntries(Object.keys(said).map((field) => [field, anyJson])));
}

/** What no field of an entry is, and some that a field may be. */
const strangers: readonly JsonValue[] = [
  ...[null, true, false, '', '0', '1', 'NaN', 'Infinity', '__proto__', 'constructor', '\u009b2J\u202e'],
  'x'.repeat(1e5),
  ...[
    0,
    -0,
    1,
    -1,
    0.5,
    -0.5,
    3,
    1e-320,
    1e-308,
    1e308,
    -1e308,
    2 ** 31,
    -(2 ** 31),
    2 ** 32,
    2 ** 53,
    2 ** 53 + 2,
  ],
  ...[[], [[]], [0], [1], [-1], [0.5], [null], ['1'], [{}], [2 ** 53], [2 ** 31, 2 ** 31], [5, 1, 1], [1, 5]],
  ...[new Array<number>(65).fill(1), new Array<number>(1e4).fill(0)],
  ...[{}, { a: 1 }, { length: 5 }, { valueOf: 1, toString: 1 }, { 0: 5, length: 1 }],
  JSON.parse('{"__proto__":{"length":1}}'),
  JSON.parse(`${'['.repeat(50)}${']'.repeat(50)}`),
];

/** An entry, each time with a field replaced, left out or added, and what is none at all. */
export function* strangeEntries(codec: TensorCodec, said: Said): Generator<JsonValue> {
  const entry = entryOf(codec, said);
  for (const name of Object.keys(entry)) {
    for (const value of strangers) yield { ...entry, [name]: value };
    yield Object.fromEntries(Object.entries(entry).filter(([other]) => other !== name));
  }
  for (const name of ['more', '__proto__', 'constructor', 'toString', '\u009b2J', ''])
    yield Object.fromEntries([...Object.entries(entry), [name, 1]]);
  yield* strangers;
}
