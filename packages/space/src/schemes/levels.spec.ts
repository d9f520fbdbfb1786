import { tensor } from '@funhash/tensor';
import { describe, expect, test } from 'vitest';
import { schemeLaws } from '../testing.ts';
import { createWeight } from '../weight/create-weight.ts';
import { restoreWeight } from '../weight/restore-weight.ts';
import type { Weight } from '../weight/weight.ts';
import { knownSchemes } from '../wrappers/known-schemes.ts';
import { funHash } from './fun-hash.ts';
import { hashedNet } from './hashed-net.ts';
import * as schemes from './index.ts';
import { kronecker } from './kronecker.ts';
import { levels } from './levels.ts';
import { lsq } from './lsq.ts';

describe.each([
  ['levels', levels],
  ['levels(hashedNet)', levels.over(hashedNet)],
  ['levels(kronecker)', levels.over(kronecker)],
  ['levels(tiles)', levels.over(schemes.tiles)],
])('%s obeys', (_, scheme) => {
  for (const law of schemeLaws(scheme)) test(law.name, law.check);
});

describe('levels(funHash) obeys', () => {
  // Equal values lie next to a multiple at the start, so the gradients of their steps are what is left of a cancellation.
  const except = ['adjoint', 'second', 'projection', 'reach', 'variance', 'policies'] as const;
  for (const law of schemeLaws(levels.over(funHash), { except })) test(law.name, law.check);
});

/** Entries without the sign of zeros, which a hashed sign turns. */
const entriesOf = (weight: Weight): number[] => Array.from(weight.decode().dataSync(), (x) => x + 0);

test('entries are those of the scheme over values that are whole numbers of steps', () => {
  const shape = { rows: 6, cols: 10, seed: 4 };
  const [coded, plain] = [
    createWeight(levels({ bits: 3 }, hashedNet({ buckets: 12 })), shape),
    createWeight(hashedNet({ buckets: 12 }), shape),
  ];
  expect(coded.definition.kind).toBe('levels(hashedNet)');
  expect(coded.parameters.map(({ name }) => name)).toEqual(['w', 'wStep']);
  const [w, step] = coded.parameters;
  const values = Float32Array.from({ length: 12 }, (_, k) => (k - 5.4) / 4);
  w?.assign(tensor(values));
  step?.assign(tensor([0.5]));
  const whole = values.map((x) => 0.5 * Math.max(-4, Math.min(3, Math.round(x / 0.5))));
  plain.parameters[0]?.assign(tensor(whole));
  expect(entriesOf(coded)).toEqual(entriesOf(plain));
  expect(w?.rule.multiples).toEqual({ of: 'wStep', low: -4, high: 3 });
  // Whole numbers of steps stay as they are: what a file holds decodes to the same entries.
  w?.assign(tensor(whole));
  expect(entriesOf(coded)).toEqual(entriesOf(plain));
});

test('over plain values they are those of lsq', () => {
  const shape = { rows: 5, cols: 7, seed: 2 };
  const [a, b] = [createWeight(levels({ bits: 4 }), shape), createWeight(lsq({ bits: 4 }), shape)];
  b.parameters[0]?.assign(a.parameters[0]?.value as never);
  b.parameters[1]?.assign(a.parameters[1]?.value as never);
  expect(a.decode().dataSync()).toEqual(b.decode().dataSync());
});

test('a budget counts steps, and a weight comes back from its spec', () => {
  const weight = createWeight(levels({}, kronecker({ values: 60, terms: 1 })), { rows: 8, cols: 12 });
  expect(weight.storedCount).toBeLessThanOrEqual(60);
  const values = new Map(weight.parameters.map(({ name, value }) => [name, value]));
  const back = restoreWeight(weight.spec, { schemes: knownSchemes(schemes), values });
  expect(back.decode().dataSync()).toEqual(weight.decode().dataSync());
});

test('what it does not take is refused', () => {
  expect(knownSchemes(schemes).get('levels(levels)')).toBeUndefined();
  expect(() => levels({ bits: 9 })).toThrow(/bits/);
  expect(() => levels({}, 3 as never)).toThrow(/latent/);
});
