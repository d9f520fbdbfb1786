import { describe, expect, test } from 'vitest';
import { ArgumentError } from '../errors.ts';
import { multiplyShiftWords } from '../multiply-shift.ts';
import { murmur3Words } from '../murmur3.ts';
import type { WordHash } from '../words.ts';
import { xxHash32Words } from '../xx-hash32.ts';
import { type HashLawName, hashLaws } from './hash-laws.ts';
import { type Law, LawError } from './law.ts';

describe('xxHash32 obeys', () => {
  for (const law of hashLaws(xxHash32Words)) test(law.name, law.check);
});

describe('murmur3 obeys', () => {
  for (const law of hashLaws(murmur3Words)) test(law.name, law.check);
});

describe('multiply-shift obeys', () => {
  const except: HashLawName[] = ['avalanche', 'collisions', 'neighbours', 'rows'];
  for (const law of hashLaws(multiplyShiftWords, { except })) test(law.name, law.check);
  test.each(except)('not %s, as its documentation says', (name) => {
    expect(lawNamed(multiplyShiftWords, name).check).toThrow(LawError);
  });
});

function lawNamed(hash: WordHash, name: HashLawName): Law {
  const law = hashLaws(hash).find((candidate) => candidate.name === name);
  if (law === undefined) throw new Error(`no law ${name}`);
  return law;
}

let calls = 0;
const linear = (row: number, col: number, width: number) => Math.imul(row, width) + col;

const planted: [law: HashLawName, fault: string, hash: WordHash][] = [
  ['words', 'the result is signed', (row, col, seed) => xxHash32Words(row, col, seed) | 0],
  ['words', 'the result depends on the call', (row, col) => xxHash32Words(row, col, calls++)],
  [
    'uniformity',
    'low bits of a linear congruence',
    (row, col) => Math.imul(linear(row, col, 1000), 1103515245) & 0x7fff,
  ],
  ['uniformity', 'only the lower half of the words', (row, col, seed) => xxHash32Words(row, col, seed) >>> 1],
  ['uniformity', 'the row is ignored', (_row, col, seed) => xxHash32Words(0, col, seed)],
  ['uniformity', 'the column is ignored', (row, _col, seed) => xxHash32Words(row, 0, seed)],
  ['uniformity', 'only 16 bits of the row count', (row, col, seed) => xxHash32Words(row & 0xffff, col, seed)],
  [
    'collisions',
    'row and column are interchangeable',
    (row, col, seed) => xxHash32Words(row ^ col, Math.imul(row, col), seed),
  ],
  ['collisions', 'only their sum counts', (row, col, seed) => xxHash32Words(row + col, 0, seed)],
  [
    'collisions',
    'words are multiples of 2^12',
    (row, col, seed) => (xxHash32Words(row, col, seed) & ~0xfff) >>> 0,
  ],
  ['signs', 'the sign is constant', (row, col, seed) => (xxHash32Words(row, col, seed) & ~1) >>> 0],
  ['signs', 'signs are biased 9 : 7', (row, col, seed) => biased(xxHash32Words(row, col, seed))],
  [
    'bucketAndSign',
    'the sign is the top bit of the bucket',
    (row, col, seed) => topSign(xxHash32Words(row, col, seed)),
  ],
  ['seeds', 'the seed is ignored', (row, col) => xxHash32Words(row, col, 0)],
  [
    'seeds',
    'the seed is an offset',
    (row, col, seed) => (xxHash32Words(row, col, 0) + Math.imul(seed, 0x9e3779b9)) >>> 0,
  ],
  [
    'neighbours',
    'linear index times a constant',
    (row, col) => Math.imul(linear(row, col, 1000), 0x9e3779b1) >>> 0,
  ],
  [
    'neighbours',
    'two columns share a bucket',
    (row, col, seed) => (xxHash32Words(row, col >>> 1, seed) ^ (col & 1)) >>> 0,
  ],
  [
    'rows',
    'linear index times a constant',
    (row, col) => Math.imul(linear(row, col, 5000), 0x9e3779b1) >>> 0,
  ],
  ['rows', 'rows are shifted copies', (row, col, seed) => xxHash32Words(0, linear(row, col, 1000), seed)],
  [
    'rows',
    'rows are offset copies',
    (row, col, seed) => (xxHash32Words(row, 0, seed) + xxHash32Words(0, col, seed)) >>> 0,
  ],
  ['avalanche', 'the seed enters last', (row, col, seed) => (xxHash32Words(row, col, 1) ^ seed) >>> 0],
];

function biased(h: number): number {
  return (h & 0x70) === 0 ? (h & ~1) >>> 0 : h;
}

function topSign(h: number): number {
  return ((h & ~1) | (h >>> 31)) >>> 0;
}

test.each(planted)('law %s catches: %s', (name, _fault, hash) => {
  expect(lawNamed(hash, name).check).toThrow(LawError);
});

test('excepted laws are left out, unknown ones refused', () => {
  expect(hashLaws(xxHash32Words, { except: ['signs'] }).map((law) => law.name)).not.toContain('signs');
  expect(() => hashLaws(xxHash32Words, { except: ['sign' as HashLawName] })).toThrow(ArgumentError);
});
