import { schemes } from '@funhash/space';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { armKinds } from '../comparison/arms.ts';
import { SpecError } from '../errors.ts';
import {
  formatRatio,
  formatScheme,
  parseRatio,
  parseScheme,
  quantizerOf,
  schemeKinds,
  splitSchemes,
  weightRequest,
} from './scheme-text.ts';

test.each([
  ['dense', { kind: 'dense', size: {}, options: {}, shared: false }],
  ['hashedNet:1/64', { kind: 'hashedNet', size: { ratio: 1 / 64 }, options: {}, shared: false }],
  ['hashedNet:0.5', { kind: 'hashedNet', size: { ratio: 0.5 }, options: {}, shared: false }],
  [
    'robe:values=1024,block=16',
    { kind: 'robe', size: { values: 1024 }, options: { block: 16 }, shared: false },
  ],
  ['tiles:bytes=4096,shared', { kind: 'tiles', size: { bytes: 4096 }, options: {}, shared: true }],
  [
    'funHash:1/64,hashes=8,layers=4,dual',
    {
      kind: 'funHash',
      size: { ratio: 1 / 64 },
      options: { hashes: 8, layers: 4, dual: true },
      shared: false,
    },
  ],
  [
    'funhash:1/16,hashes=2',
    { kind: 'funHash', size: { ratio: 1 / 16 }, options: { hashes: 2 }, shared: false },
  ],
  [
    'dct2d(HASHEDNET):1/64,height=28,width=28,keep=12',
    {
      kind: 'dct2d(hashedNet)',
      size: { ratio: 1 / 64 },
      options: { height: 28, width: 28, keep: 12 },
      shared: false,
    },
  ],
  [
    'tensorTrain:inModes=4x7x7x4,outModes=1x10x1x1,ranks=8',
    {
      kind: 'tensorTrain',
      size: {},
      options: { inModes: [4, 7, 7, 4], outModes: [1, 10, 1, 1], ranks: 8 },
      shared: false,
    },
  ],
  [
    'kronecker:terms=5,shapes=40x28/25x28',
    {
      kind: 'kronecker',
      size: {},
      options: {
        terms: 5,
        shapes: [
          [40, 28],
          [25, 28],
        ],
      },
      shared: false,
    },
  ],
  ['funHash, dual=false', { kind: 'funHash', size: {}, options: { dual: false }, shared: false }],
  [
    'hashedNet:1/2,hash=murmur3',
    { kind: 'hashedNet', size: { ratio: 0.5 }, options: { hash: 'murmur3' }, shared: false },
  ],
])('reads %s', (text, expected) => {
  expect(parseScheme(text)).toEqual(expected);
  expect(parseScheme(formatScheme(parseScheme(text)))).toEqual(expected);
});

test.each([
  ['', /one of \w+, /],
  ['hash', /the scheme hash/],
  ['hashedNet:0', /ratio above 0 and at most 1/],
  ['hashedNet:2', /ratio above 0/],
  ['hashedNet:1/0', /ratio above 0/],
  ['hashedNet:1/64/2', /ratio above 0/],
  ['hashedNet:ratio=x', /ratio above 0/],
  ['hashedNet:1/64,values=3', /one size/],
  ['hashedNet:values=1.5', /values: a whole number/],
  ['hashedNet:bytes=-4', /bytes: a whole number/],
  ['hashedNet:1/64,hashes=8', /option among buckets, seed, hash/],
  ['funHash:1/64,hashes=3', /hashes: one of 1, 2, 4, 8, 16/],
  ['kronecker:terms=5,shapes=40x28', /2 shapes of 2 whole numbers/],
  ['kronecker:terms=5,shapes=40x28/0x28', /2 shapes of 2 whole numbers/],
  ['funHash:1/64,dual=maybe', /dual: true or false/],
  ['funHash:1/64,', /nothing after a comma/],
  ['funHash:__proto__=1', /option among/],
  ['lowRank:1/2,shared', /option among rank/],
  ['constructor', /the scheme constructor/],
  ['dct2d', /the scheme dct2d/],
  ['dct2d(nothing):1/2', /the scheme dct2d\(nothing\)/],
  ['dct2d(hashedNet):1/2,depth=3', /option among .*height/],
])('refuses %s', (text, message) => {
  expect(() => parseScheme(text)).toThrow(SpecError);
  expect(() => parseScheme(text)).toThrow(message);
});

test('hostile texts are refused with a SpecError or read, nothing else', () => {
  const piece = fc.constantFrom(
    'funHash',
    'hashedNet',
    ':',
    ',',
    '=',
    '1/64',
    'hashes',
    '8',
    'dual',
    'x',
    '/',
    '__proto__',
    ' ',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece).map((parts) => parts.join('')),
      ),
      (text) => {
        try {
          parseScheme(text);
        } catch (error) {
          expect(error).toBeInstanceOf(SpecError);
        }
      },
    ),
    { seed: 7, numRuns: 2000 },
  );
});

test('every scheme is known by its kind and makes a request', () => {
  expect([...schemeKinds].sort()).toEqual(
    Object.values(schemes)
      .map(({ definition }) => definition.kind)
      .sort(),
  );
  for (const kind of schemeKinds) expect(weightRequest(parseScheme(kind)).scheme.definition.kind).toBe(kind);
});

describe('lists', () => {
  test.each([
    ['funHash,hashedNet', ['funHash', 'hashedNet']],
    ['funHash,hashes=8,dual,hashedNet', ['funHash,hashes=8,dual', 'hashedNet']],
    ['funHash:hashes=8,dual,narrow', ['funHash:hashes=8,dual', 'narrow']],
    ['narrow', ['narrow']],
    ['dct2d(hashedNet),height=28,keep=12,HashedNet', ['dct2d(hashedNet),height=28,keep=12', 'HashedNet']],
  ])('%s', (text, expected) => {
    expect(splitSchemes(text, armKinds)).toEqual(expected);
  });
});

test('ratios are read and written', () => {
  expect(parseRatio('1/64')).toBe(1 / 64);
  expect(parseRatio('.5')).toBe(0.5);
  expect(parseRatio('1')).toBe(1);
  for (const bad of ['', '0', '-1/2', '3/2', 'x', '1/', 'Infinity', '1e-3'])
    expect(parseRatio(bad)).toBeUndefined();
  expect(formatRatio(1 / 64)).toBe('1/64');
  expect(formatRatio(0.3)).toBe('0.3');
});

test('quantisers stand over any way to store latent values; other schemes are none', () => {
  expect(quantizerOf('binary')().scheme.definition.kind).toBe('binary');
  const request = quantizerOf('lsq:bits=2')(weightRequest(parseScheme('hashedNet:1/8')));
  expect(request.scheme.definition.kind).toBe('lsq(hashedNet)');
  expect(request.options).toEqual({ bits: 2 });
  expect(request.size).toEqual({ ratio: 1 / 8 });
  expect(() => quantizerOf('hashedNet')).toThrow(SpecError);
  expect(() => quantizerOf('lsq:bits=1')).toThrow('from 2 to 8');
});
