import { describe, expect, test } from 'vitest';
import { formatLaws } from '../testing/format-laws.ts';
import { storageFormats } from './storage-formats.ts';
import type { TensorCodec } from './tensor-codec.ts';

describe.each(Object.entries(storageFormats))('%s', (name, codec) => {
  test('is recorded under its id', () => expect(codec.id).toBe(name));
  for (const law of formatLaws(codec)) test(law.name, law.check);
});

describe('the law of fields fails for a format', () => {
  const failure = (codec: TensorCodec): unknown => {
    try {
      formatLaws(codec)
        .find(({ name }) => name === 'fields')
        ?.check();
    } catch (error) {
      return error;
    }
    return undefined;
  };
  const { f8, i4 } = storageFormats;
  const anything = () => undefined;

  test.each<[string, TensorCodec]>([
    ['whose exponent may be an object', { ...f8, said: { exponent: anything } } as TensorCodec],
    [
      'that takes a list for a scale, in decoding',
      { ...i4, said: { ...i4.said, scale: anything } } as TensorCodec,
    ],
    ['that takes any shape', { ...i4, said: { ...i4.said, shape: anything } } as TensorCodec],
    [
      'that repeats a value of the file in full',
      {
        ...f8,
        said: {
          exponent: (value: unknown) => (value === 0 ? undefined : { expected: '0', actual: String(value) }),
        },
      } as TensorCodec,
    ],
  ])('%s', (_, codec) => {
    expect(failure(codec)).toBeInstanceOf(Error);
  });

  test('none of these', () => {
    expect([failure(f8 as TensorCodec), failure(i4 as TensorCodec)]).toEqual([undefined, undefined]);
  });
});
