import { ArgumentError, asWordHash, type HashFormula, OptionError } from '@funhash/hashing';
import { hashLaws } from '@funhash/hashing/testing';
import { describe, expect, test } from 'vitest';
import { dct2d } from './bases/dct2d.ts';
import { defineHash } from './define-hash.ts';
import * as schemes from './schemes/index.ts';
import { funHash, hashedNet } from './schemes/index.ts';
import { schemeLaws } from './testing.ts';
import { createWeight } from './weight/create-weight.ts';
import { restoreWeight } from './weight/restore-weight.ts';
import { inBasis } from './wrappers/in-basis.ts';
import { knownSchemes } from './wrappers/known-schemes.ts';

/** Two rounds of the mixer of splitmix32 (Stafford's variant 13, 32 bits): good. */
const mixed: HashFormula = (ops, row, col, seed) => {
  const mix = (h: typeof row): typeof row => {
    const a = ops.mul(ops.xor(h, ops.shr(h, 16)), ops.constant(0x21f0aaad));
    const b = ops.mul(ops.xor(a, ops.shr(a, 15)), ops.constant(0x735a2d97));
    return ops.xor(b, ops.shr(b, 15));
  };
  const ofSeed = mix(ops.add(seed, ops.constant(0x9e3779b9)));
  return mix(ops.add(mix(ops.add(mix(ops.add(row, ofSeed)), col)), ofSeed));
};
/** A congruence: its neighbours are alike. */
const poor: HashFormula = (ops, row, col, seed) =>
  ops.mul(
    ops.add(ops.add(ops.mul(row, ops.constant(1_000_003)), col), ops.mul(seed, ops.constant(7919))),
    ops.constant(2_654_435_761),
  );

const mine = defineHash({ name: 'mine', formula: mixed });
const shape = { rows: 6, cols: 20 };

// The others take seconds; the guide runs all of them.
describe("a hash of one's own obeys", () => {
  const except = ['uniformity', 'collisions', 'bucketAndSign', 'neighbours'] as const;
  for (const law of hashLaws(asWordHash(mixed), { except })) test(law.name, law.check);
});

describe('hashedNet over it obeys', () => {
  const request = hashedNet({ ratio: 1 / 4, hash: mine });
  for (const law of schemeLaws(request, { backends: ['wasm'], except: ['second', 'projection'] }))
    test(law.name, law.check);
});

test('no law of schemes tells a poor hash: both suites are needed', async () => {
  const failing = async (laws: readonly { name: string; check: () => unknown }[]): Promise<string[]> => {
    const names: string[] = [];
    for (const { name, check } of laws)
      try {
        await check();
      } catch {
        names.push(name);
      }
    return names;
  };
  const hash = defineHash({ name: 'poor', formula: poor });
  expect(await failing(hashLaws(asWordHash(poor)))).toEqual([
    'collisions',
    'signs',
    'bucketAndSign',
    'seeds',
    'neighbours',
    'rows',
    'avalanche',
  ]);
  expect(await failing(schemeLaws(hashedNet({ ratio: 1 / 4, hash }), { except: ['projection'] }))).toEqual(
    [],
  );
});

test('the hash decides the matrix, in wrappers too', () => {
  const decoded = (request: ReturnType<typeof hashedNet>) =>
    createWeight(request, { ...shape, seed: 1 })
      .decode()
      .dataSync();
  const other = defineHash({ name: 'mine', formula: poor });
  const matrices = [hashedNet, funHash].flatMap((scheme) =>
    [{}, { hash: mine }, { hash: other }].map((options) =>
      decoded(scheme({ values: 40, ...options })).join(),
    ),
  );
  expect(new Set(matrices).size).toBe(6);
  const basis = dct2d({ height: 5, width: 4, keep: 3 });
  expect(decoded(inBasis(basis, hashedNet({ values: 20, hash: mine })))).not.toEqual(
    decoded(inBasis(basis, hashedNet({ values: 20 }))),
  );
});

test('a spec names it, and is read with it alone', () => {
  const weight = createWeight(hashedNet({ values: 30, hash: mine }), shape);
  const spec = JSON.parse(JSON.stringify(weight.spec));
  expect(weight.spec).toEqual(spec);
  expect(spec.options.hash).toMatch(/^mine@[0-9a-f]{8}$/);
  const values = { get: () => weight.parameters[0]?.value };
  const read = (hashes?: Parameters<typeof knownSchemes>[1]) =>
    restoreWeight(spec, { schemes: knownSchemes(schemes, hashes), values });
  expect(read({ mine }).decode().dataSync()).toEqual(weight.decode().dataSync());
  expect(read({ anyName: mine }).spec).toEqual(spec);
  expect(() => read()).toThrow(/a known hash: xxHash32.*mine@.*Pass hashes of your own as `hashes`/);
  expect(() => read({ mine: defineHash({ name: 'mine', formula: poor }) })).toThrow(
    /another formula under that name/,
  );
  expect(() => read({ mine: { name: 'mine' } } as never)).toThrow(/made by defineHash/);
});

test.each<[unknown, RegExp]>([
  [{ name: 'xxHash32', formula: mixed }, /name: .*other than xxHash32/],
  [{ name: 'a@b', formula: mixed }, /name: /],
  [{ name: '', formula: mixed }, /name: /],
  [{ name: 'mine' }, /formula/],
  [{ name: 'mine', formula: () => 0.5 }, /gives a word/],
  [{ name: 'mine', formula: () => undefined }, /gives a word/],
  [undefined, /defineHash/],
])('refused: %o', (definition, message) => {
  expect(() => defineHash(definition as never)).toThrow(ArgumentError);
  expect(() => defineHash(definition as never)).toThrow(message);
});

test('what is no hash is refused', () => {
  expect(() => defineHash({ name: 'mine', formulas: mixed } as never)).toThrow(OptionError);
  expect(() => hashedNet({ values: 3, hash: 'mine' as never })).toThrow(/or a hash that defineHash made/);
  expect(() => hashedNet({ values: 3, hash: mixed as never })).toThrow(ArgumentError);
});
