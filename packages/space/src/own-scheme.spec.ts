import { expect, test } from 'vitest';
import { dct2d } from './bases/dct2d.ts';
import { defineScheme } from './own-scheme.ts';
import * as schemes from './schemes/index.ts';
import { createWeight } from './weight/create-weight.ts';
import { restoreWeight } from './weight/restore-weight.ts';
import type { WeightSpec } from './weight/weight.ts';
import { inBasis } from './wrappers/in-basis.ts';
import { type KnownSchemes, knownSchemes, onlySchemes } from './wrappers/known-schemes.ts';

const { definition } = schemes.hashedNet;
const copyOf = (kind: string) => ({ ...definition, kind });

/** HashedNets with every value twice as large, under its kind. */
const twice = defineScheme({
  ...definition,
  entry: (...given: Parameters<typeof definition.entry>) => definition.entry(...given).times(2),
});
const shape = { rows: 4, cols: 20 };
const basis = dct2d({ height: 5, width: 4, keep: 3 });

test.each([
  ['alone', () => twice({ values: 9 }), () => schemes.hashedNet({ values: 9 })],
  [
    'in a basis',
    () => inBasis(basis, twice({ values: 9 })),
    () => inBasis(basis, schemes.hashedNet({ values: 9 })),
  ],
  [
    'under a quantiser',
    () => schemes.binary(twice({ values: 9 })),
    () => schemes.binary(schemes.hashedNet({ values: 9 })),
  ],
] as const)("a scheme of one's own under the kind of another is never taken for it, %s", (_, own, built) => {
  const [mine, theirs] = [own(), built()].map((request) => createWeight(request, { ...shape, seed: 2 }));
  const read = (weight: typeof mine, known: KnownSchemes) => {
    const spec = JSON.parse(JSON.stringify(weight?.spec)) as WeightSpec;
    const values = new Map(weight?.arrayNames.map((name, k) => [name, weight.parameters[k]?.value as never]));
    return restoreWeight(spec, { schemes: known, values }).decode().toArray();
  };
  const both = knownSchemes({ ...schemes, twice });
  expect(mine?.spec.kind).toBe(theirs?.spec.kind);
  expect(read(mine, both)).toEqual(mine?.decode().toArray());
  expect(read(theirs, both)).toEqual(theirs?.decode().toArray());
  expect(() => read(mine, knownSchemes(schemes))).toThrow(
    /a known scheme of one's own.*Pass schemes of your own/,
  );
  expect(() => read(theirs, onlySchemes({ twice }))).toThrow(/a known scheme/);
});

test('of two schemes of one kind a file could mean either', () => {
  const [one, other] = [defineScheme(copyOf('mine')), defineScheme(copyOf('mine'))];
  expect(() => knownSchemes({ one, other })).toThrow('two schemes of the kind mine');
  expect(knownSchemes({ one, again: one }).get('mine', true)?.definition).toBe(one.definition);
});

test.each([
  undefined,
  {},
  { kind: 'a(b)' },
  { ...copyOf('mine'), entry: 3 },
  copyOf(''),
  { ...copyOf('x'), stored: undefined },
])('a definition that lacks a part is refused, case %#', (given) => {
  expect(() => defineScheme(given as never)).toThrow(/^defineScheme: expected/);
});
