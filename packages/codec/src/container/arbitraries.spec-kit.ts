import fc from 'fast-check';
import type { Dtype, StoredTensor } from './safetensors.ts';
import { dtypes } from './safetensors.ts';

const arrayOf = {
  F64: Float64Array,
  F32: Float32Array,
  I32: Int32Array,
  BF16: Uint16Array,
  F16: Uint16Array,
  U8: Uint8Array,
};

const name = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.constantFrom(
      '__proto__',
      'constructor',
      'toString',
      '',
      '1',
      '10',
      '\uffee',
      '😀',
      '"funhash.checksum":"crc32:00000000"',
    ),
  )
  .filter((text) => text !== '__metadata__');

/** Tensors of any dtype, rank 0 to 3, empty ones included, of any bit patterns. */
const storedTensor = (allowed: readonly Dtype[] = dtypes): fc.Arbitrary<StoredTensor> =>
  fc.tuple(fc.constantFrom(...allowed), fc.array(fc.nat(4), { maxLength: 3 })).chain(([dtype, shape]) => {
    const ArrayType = arrayOf[dtype];
    const length = shape.reduce((a, b) => a * b, 1) * ArrayType.BYTES_PER_ELEMENT;
    return fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((bytes) => ({ dtype, shape, data: new ArrayType(bytes.slice().buffer) }) as StoredTensor);
  });

export const storedTensors = (allowed?: readonly Dtype[]): fc.Arbitrary<Map<string, StoredTensor>> =>
  fc.array(fc.tuple(name, storedTensor(allowed)), { maxLength: 6 }).map((entries) => new Map(entries));

export const metadata: fc.Arbitrary<Map<string, string>> = fc
  .array(fc.tuple(name, fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 4 })
  .map((entries) => new Map(entries));
