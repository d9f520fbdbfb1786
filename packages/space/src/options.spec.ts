import { ArgumentError } from '@funhash/hashing';
import { expect, test } from 'vitest';
import { resolveOptions, structural, uniform } from './options.ts';

const schema = {
  buckets: uniform.count(),
  width: structural.integer({ default: 4, least: 1, most: 8 }),
  shape: structural.oneOf(['round', 'square'], 'round'),
  signs: structural.flag(true),
  gain: uniform.real(0.5),
  seed: uniform.seed(),
  hash: structural.hash(),
};

const resolve = (given: Record<string, unknown>) => resolveOptions('fold', schema, given, 77);

test('what is not given has its default; the seed is that of the layer', () => {
  expect(resolve({ buckets: 3 })).toEqual({
    buckets: 3,
    width: 4,
    shape: 'round',
    signs: true,
    gain: 0.5,
    seed: 77,
    hash: 'xxHash32',
  });
  const given = {
    buckets: 2 ** 32 - 1,
    width: 8,
    shape: 'square',
    signs: false,
    gain: -2.5,
    seed: 0,
    hash: 'murmur3',
  };
  expect(resolve(given)).toEqual(given);
});

test.each([
  [{}, 'fold: expected a size: ratio, values or bytes, or the option buckets (a whole number ≥ 1)'],
  [{ buckets: 3, bucket: 4 }, 'fold: unknown option bucket; did you mean buckets?'],
  [{ buckets: 3, toString: 4 }, 'fold: unknown option toString; it takes buckets, width, shape'],
  [{ buckets: 0 }, 'buckets: a whole number ≥ 1'],
  [{ buckets: 2 ** 32 }, 'buckets: a whole number ≥ 1'],
  [{ buckets: Number.NaN }, 'NaN'],
  [{ buckets: '12' }, 'buckets: a whole number'],
  [{ buckets: 3, width: 9 }, 'width: a whole number from 1 to 8, got 9'],
  [{ buckets: 3, width: 2.5 }, 'width: a whole number'],
  [{ buckets: 3, shape: 'oval' }, 'shape: one of round, square, got oval'],
  [{ buckets: 3, signs: 1 }, 'signs: true or false, got 1'],
  [{ buckets: 3, gain: Number.POSITIVE_INFINITY }, 'gain: a finite number'],
  [{ buckets: 3, seed: -1 }, 'seed: a whole number ≥ 0'],
  [{ buckets: 3, hash: 'md5' }, 'hash: one of xxHash32, murmur3, multiplyShift, got md5'],
])('%o is refused', (given, message) => {
  expect(() => resolve(given)).toThrow(ArgumentError);
  expect(() => resolve(given)).toThrow(message);
});

test('options say whether they are structural or of the run time', () => {
  const roles = Object.fromEntries(Object.entries(schema).map(([name, { role }]) => [name, role]));
  expect(roles).toEqual({
    buckets: 'word',
    width: 'structural',
    shape: 'structural',
    signs: 'structural',
    gain: 'real',
    seed: 'word',
    hash: 'structural',
  });
});

test('lists of whole numbers are bounded', () => {
  const lists = {
    modes: structural.list({ least: 1, most: 8, length: 3 }),
    ranks: structural.oneOrList({ least: 1, most: 5, length: 3 }),
  };
  const read = (given: Record<string, unknown>) => resolveOptions('fold', lists, given, 0);
  expect(read({ modes: [1, 8], ranks: 5 })).toEqual({ modes: [1, 8], ranks: 5 });
  expect(read({ modes: [], ranks: [] })).toEqual({ modes: [], ranks: [] });
  for (const modes of [[0], [9], [1, 1, 1, 1], [1.5], ['2'], 3, '1', null, { length: 1 }, [[1]]])
    expect(() => read({ modes, ranks: 1 })).toThrow('modes');
  for (const ranks of [0, 6, [6], [1, 1, 1, 1], '1', [null]])
    expect(() => read({ modes: [1], ranks })).toThrow(
      'ranks: a whole number from 1 to 5, or a list of up to 3',
    );
});
