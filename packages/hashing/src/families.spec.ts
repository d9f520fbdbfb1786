import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type HashFamily, hashFamilies } from './families.ts';
import { asWordHash, type WordOps } from './words.ts';

const bigintWords: WordOps<bigint> = {
  constant: (value) => BigInt.asUintN(32, BigInt(value)),
  add: (a, b) => BigInt.asUintN(32, a + b),
  mul: (a, b) => BigInt.asUintN(32, a * b),
  xor: (a, b) => a ^ b,
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  shl: (a, bits) => BigInt.asUintN(32, a << BigInt(bits)),
  shr: (a, bits) => a >> BigInt(bits),
  rotl: (a, bits) => BigInt.asUintN(32, a << BigInt(bits)) | (a >> BigInt(32 - bits)),
};

type Dependence = '' | 'row' | 'col' | 'both';

/** Words that know only whether they depend on the row, the column or both; counts multiplications by dependence. */
function dependences(): { ops: WordOps<Dependence>; products: Record<Dependence, number> } {
  const products = { '': 0, row: 0, col: 0, both: 0 };
  const join = (a: Dependence, b: Dependence): Dependence =>
    a === b || b === '' ? a : a === '' ? b : 'both';
  const mul = (a: Dependence, b: Dependence) => {
    products[join(a, b)] += 1;
    return join(a, b);
  };
  const same = (a: Dependence) => a;
  const ops = {
    constant: () => '' as const,
    add: join,
    mul,
    xor: join,
    and: join,
    or: join,
    shl: same,
    shr: same,
    rotl: same,
  };
  return { ops, products };
}

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const productsPerEntry: Record<HashFamily, number> = { xxHash32: 3, murmur3: 2, multiplyShift: 1 };

describe.each(Object.keys(hashFamilies) as HashFamily[])('%s', (family) => {
  const formula = hashFamilies[family];

  test('is the same over big integers as over numbers', () => {
    const property = fc.property(word, word, word, (row, col, seed) => {
      const expected = formula(bigintWords, BigInt(row), BigInt(col), BigInt(seed));
      expect(BigInt(asWordHash(formula)(row, col, seed))).toBe(expected);
    });
    fc.assert(property, { seed: 1, numRuns: 300 });
  });

  test('multiplies no more per entry than it says: the rest is per row, per column or per seed', () => {
    const { ops, products } = dependences();
    formula(ops, 'row', 'col', '');
    expect(products.both).toBe(productsPerEntry[family]);
  });
});
