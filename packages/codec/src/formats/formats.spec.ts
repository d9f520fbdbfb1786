import { describe, expect, test } from 'vitest';
import { formatLaws } from '../testing/format-laws.ts';
import { storageFormats } from './storage-formats.ts';

describe.each(Object.entries(storageFormats))('%s', (name, codec) => {
  test('is recorded under its id', () => expect(codec.id).toBe(name));
  for (const law of formatLaws(codec)) test(law.name, law.check);
});
