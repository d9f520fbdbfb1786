import { expect, test } from 'vitest';
import { defineScheme, takenKinds } from './own-scheme.ts';
import * as schemes from './schemes/index.ts';
import { knownSchemes } from './wrappers/known-schemes.ts';

const copyOf = (kind: string) => ({ ...schemes.hashedNet.definition, kind });

test('the kinds that are taken are those of the schemes', () => {
  expect(takenKinds).toEqual(Object.values(schemes).map(({ definition }) => definition.kind));
});

test('a scheme under the kind of another is refused', () => {
  for (const kind of takenKinds)
    expect(() => defineScheme(copyOf(kind))).toThrow(`got ${kind}, that of a scheme`);
  expect(defineScheme(copyOf('mine'))({ values: 3 }).scheme.definition.kind).toBe('mine');
});

test('of two schemes of one kind a file could mean either', () => {
  const [one, other] = [defineScheme(copyOf('mine')), defineScheme(copyOf('mine'))];
  expect(() => knownSchemes({ one, other })).toThrow('two schemes of the kind mine');
  expect(knownSchemes({ one, again: one }).get('mine')?.definition).toBe(one.definition);
});

test.each([
  undefined,
  {},
  { kind: 'a(b)' },
  { ...copyOf('mine'), entry: 3 },
  copyOf(''),
  { ...copyOf('x'), stored: undefined },
])('a definition that lacks a part is refused, case %#', (definition) => {
  expect(() => defineScheme(definition as never)).toThrow(/^defineScheme: expected/);
});
