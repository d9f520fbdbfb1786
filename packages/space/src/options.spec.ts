import type { Real, Word } from '@funhash/formula';
import { ArgumentError } from '@funhash/hashing';
import { tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { dct2d } from './bases/dct2d.ts';
import { mpoOf, tensorTrainOf } from './chain-of-matrix.ts';
import { virtualConv } from './ops/virtual-conv.ts';
import { resolveOptions, structural, uniform } from './options.ts';
import { defineScheme } from './scheme.ts';
import { hashedNet } from './schemes/index.ts';
import { createWeight } from './weight/create-weight.ts';
import { project } from './weight/project.ts';
import { SharedSpace } from './weight/shared-space.ts';

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
  [
    { buckets: 3, hash: 'md5' },
    'hash: one of xxHash32, murmur3, multiplyShift, or a hash that defineHash made, got md5',
  ],
])('%o is refused', (given, message) => {
  expect(() => resolve(given)).toThrow(ArgumentError);
  expect(() => resolve(given)).toThrow(message);
});

describe('options of functions', () => {
  const weight = createWeight(hashedNet({ values: 4 }), { rows: 3, cols: 4 });
  const target = tensor(new Float32Array(12), [3, 4]);
  test.each<[string, () => unknown]>([
    ['hashedNet: unknown option bucket; did you mean buckets?', () => hashedNet({ bucket: 4 } as object)],
    ['hashedNet: unknown option rato; did you mean ratio?', () => hashedNet({ rato: 1 / 4 } as object)],
    ['hashedNet: unknown option polcy; did you mean policy?', () => hashedNet({ polcy: 'tile' } as object)],
    [
      'hashedNet: expected policy: one of tile, step, frozen, got tiles',
      () => hashedNet({ policy: 'tiles' as 'tile' }),
    ],
    ['hashedNet: expected space: a SharedSpace, got 3', () => hashedNet({ space: 3 as never })],
    ['dct2d: unknown option keeps; did you mean keep?', () => dct2d({ keeps: 4 } as object)],
    [
      'project: unknown option step; did you mean steps?',
      () => project(weight, target, { step: 1 } as object),
    ],
    [
      'SharedSpace: unknown option value; did you mean values?',
      () => new SharedSpace({ values: 4, value: 4 } as never),
    ],
    [
      'createWeight: unknown option sed; did you mean seed?',
      () => createWeight(hashedNet({ values: 4 }), { rows: 3, cols: 4, sed: 1 } as never),
    ],
    [
      'tensorTrainOf: unknown option relativError; did you mean relativeError?',
      () => tensorTrainOf(target, { relativError: 0.1 } as object),
    ],
    [
      'virtualConv: unknown option strides; did you mean stride?',
      () =>
        virtualConv(tensor(new Float32Array(4), [1, 1, 1, 4]), weight.virtual, {
          kernel: [1, 1],
          strides: 2,
        } as never),
    ],
    ['mpoOf: unknown option bond; did you mean bonds?', () => mpoOf(target, { bond: 1 } as object)],
  ])('%s', (message, act) => {
    expect(act).toThrow(ArgumentError);
    expect(act).toThrow(message);
  });
});

test.each<[string, (row: Word) => unknown, string]>([
  ['a number', () => 0.5, 'faulty: expected entry to return a Real, got 0.5.'],
  ['a word', (row) => row, 'faulty: expected entry to return a Real, got a Word.'],
  ['nothing', () => undefined, 'got undefined'],
  [
    'a method that is none',
    (row) => (row as unknown as { mod(n: number): unknown }).mod(3),
    'row.mod is not a function',
  ],
])('an entry that gives %s says so', (_, entry, message) => {
  const faulty = defineScheme({
    kind: 'faulty',
    source: 'a fault',
    options: {},
    plan: () => ({}),
    stored: () => ({ w: [1] }),
    initialize: () => ({ w: new Float64Array(1) }),
    entry: ({ row }) => entry(row) as Real,
  });
  const decode = () => createWeight(faulty(), { rows: 2, cols: 2 }).decode();
  expect(decode).toThrow(ArgumentError);
  expect(decode).toThrow(message);
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
