import { ArgumentError } from '@funhash/hashing';
import { expect, test } from 'vitest';
import { atLeastF16, isBias } from './policies.ts';
import { type StorageFormat, storageFormats } from './storage-formats.ts';

test.each(Object.keys(storageFormats) as StorageFormat[])(
  '%s: delicate tensors have 16 bits at least, the others what was asked for',
  (storeAs) => {
    const choice = atLeastF16(storeAs, isBias);
    const chosen = (name: string) => (typeof choice === 'function' ? choice(name, [1]) : choice);
    expect(chosen('layers.0.weight.w')).toBe(storeAs);
    expect(chosen('layers.0.bias')).toBe(storageFormats[storeAs].bits < 16 ? 'f16' : storeAs);
  },
);

test('what a function says stays, a format that there is not is refused', () => {
  const each = () => 'i2' as const;
  expect(atLeastF16(each, isBias)).toBe(each);
  expect(() => atLeastF16('i9' as 'i8', isBias)).toThrow(ArgumentError);
});
