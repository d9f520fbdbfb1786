import { describe, expect, test } from 'vitest';
import { type Random, random, randomFrom } from '../random.ts';
import { LawError } from './law.ts';
import { randomLaws } from './random-laws.ts';

describe('Philox obeys', () => {
  for (const law of randomLaws((seed) => random(seed))) test(law.name, law.check);
});

describe('every stream of Philox obeys', () => {
  for (const law of randomLaws((seed) => random(42, seed))) test(law.name, law.check);
});

/** A generator with some methods replaced by bad ones. */
function spoilt(methods: (generator: Random) => Partial<Random>): (seed: number) => Random {
  return (seed) => {
    const generator = random(seed);
    return new Proxy(generator, {
      get(target, name) {
        const bad = methods(generator) as Record<PropertyKey, unknown>;
        const value = name in bad ? bad[name] : Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(generator) : value;
      },
    });
  };
}

let calls = 0;

const planted: [law: string, fault: string, make: (seed: number) => Random][] = [
  ['seeds', 'the seed is ignored', () => random(0)],
  ['seeds', 'the seed is not all that counts', () => random(calls++)],
  [
    'state',
    'the position is lost',
    spoilt((g) => ({
      get state() {
        return { ...g.state, position: 0 };
      },
    })),
  ],
  ['words', 'a bit is stuck', spoilt((g) => ({ uint32: () => (g.uint32() | 8) >>> 0 }))],
  ['words', 'words are signed', spoilt((g) => ({ uint32: () => g.uint32() | 0 }))],
  ['uniform', 'only 24 bits', spoilt((g) => ({ uniform: () => Math.fround(g.uniform()) }))],
  ['uniform', 'a slight slope', spoilt((g) => ({ uniform: () => g.uniform() ** 1.05 }))],
  ['normal', 'a sum of twelve uniforms', spoilt((g) => ({ normal: () => twelve(g) - 6 }))],
  ['normal', 'successive draws are related', spoilt((g) => ({ normal: () => related(g) }))],
  ['normal', 'a wrong variance', spoilt((g) => ({ normal: () => 1.03 * g.normal() }))],
  ['integer', 'a remainder', spoilt((g) => ({ integer: (n: number) => g.uint32() % n }))],
  ['integer', 'one too few', spoilt((g) => ({ integer: (n: number) => g.integer(Math.max(1, n - 1)) }))],
  [
    'fills',
    'a variance for a deviation',
    spoilt((g) => ({ fillNormal: (out, m, s = 1) => g.fillNormal(out, m, s * s) })),
  ],
  ['permutation', 'a rotation', spoilt((g) => ({ permutation: (n: number) => rotation(n, g.integer(n)) }))],
  ['shuffle', 'any place may swap with any', spoilt((g) => ({ shuffle: (array) => anySwap(g, array) }))],
  ['fork', 'the fork is the same again', spoilt((g) => ({ fork: () => randomFrom(g.state) }))],
  ['fork', 'the label is cut', spoilt((g) => ({ fork: (label) => g.fork(`${label}`.slice(0, 4)) }))],
];

function twelve(generator: Random): number {
  return generator.fillUniform(new Float64Array(12)).reduce((sum, u) => sum + u, 0);
}

function related(generator: Random): number {
  const next = randomFrom(generator.state);
  next.normal();
  return 0.6 * generator.normal() + 0.8 * next.normal();
}

function rotation(n: number, by: number): Uint32Array {
  return Uint32Array.from({ length: n }, (_, i) => (i + by) % n);
}

function anySwap<T extends { readonly length: number; [index: number]: unknown }>(
  generator: Random,
  array: T,
): T {
  for (let i = 0; i < array.length; i += 1) {
    const chosen = generator.integer(array.length);
    [array[i], array[chosen]] = [array[chosen], array[i]];
  }
  return array;
}

test.each(planted)('law %s catches: %s', (name, _fault, make) => {
  const law = randomLaws(make).find((candidate) => candidate.name === name);
  expect(law?.check).toThrow(LawError);
});
