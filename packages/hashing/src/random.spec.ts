import { describe, expect, test } from 'vitest';
import { deriveSeed } from './derive-seed.ts';
import { ArgumentError } from './errors.ts';
import fixtures from './random.fixtures.json' with { type: 'json' };
import { type RandomState, random, randomFrom } from './random.ts';

const numbers = (count: number, draw: () => number) => Array.from({ length: count }, draw);

describe('agrees with an independent implementation', () => {
  test.each(fixtures.draws)('seed $seed, stream $stream, position $position', (expected) => {
    const state = { ...random(expected.seed, expected.stream).state, position: expected.position };
    const start = () => randomFrom(state);
    const [words, uniforms, normals] = [start(), start(), start()];
    expect(numbers(12, () => words.uint32())).toEqual(expected.words);
    expect(numbers(6, () => uniforms.uniform())).toEqual(expected.uniforms);
    for (const normal of expected.normals) expect(normals.normal()).toBeCloseTo(normal, 14);
  });

  test.each(fixtures.forks)('fork $label of seed $seed, stream $stream', ({ seed, stream, label, words }) => {
    const fork = random(seed, stream).fork(label);
    expect(numbers(4, () => fork.uint32())).toEqual(words);
  });

  test.each(fixtures.derived as [number, [number, ...(number | string)[]]][])(
    'derived seed %s of %j',
    (seed, path) => {
      expect(deriveSeed(...path)).toBe(seed);
    },
  );
});

test('integer covers its edges', () => {
  const generator = random(1);
  expect(generator.integer(1)).toBe(0);
  expect(generator.integer(2 ** 32)).toBeLessThan(2 ** 32);
});

test('permutations and shuffles keep what they order', () => {
  const generator = random(1);
  expect(generator.permutation(0)).toEqual(new Uint32Array(0));
  expect(generator.permutation(1000).toSorted()).toEqual(Uint32Array.from({ length: 1000 }, (_, i) => i));
  const array = ['a', 'b', 'c'];
  expect(generator.shuffle(array)).toBe(array);
  expect(array.toSorted()).toEqual(['a', 'b', 'c']);
  expect(generator.shuffle(new Float32Array([3, 1, 2])).toSorted()).toEqual(new Float32Array([1, 2, 3]));
});

test('equal labels of other types give other seeds, −0 and 0 the same', () => {
  expect(deriveSeed(0, 1)).not.toBe(deriveSeed(0, '1'));
  expect(deriveSeed(0, -0)).toBe(deriveSeed(0, 0));
});

test.each([-1, 0.5, 2 ** 53, Number.NaN])('the seed or stream %s is refused', (value) => {
  expect(() => random(value)).toThrow(ArgumentError);
  expect(() => random(0, value)).toThrow(ArgumentError);
});

test('impossible draws and labels are refused', () => {
  const generator = random(0);
  for (const n of [0, -1, 1.5, 2 ** 32 + 1, Number.NaN])
    expect(() => generator.integer(n)).toThrow(ArgumentError);
  for (const n of [-1, 1.5, 2 ** 32]) expect(() => generator.permutation(n)).toThrow(ArgumentError);
  expect(() => generator.fork(Number.NaN)).toThrow(ArgumentError);
  expect(() => deriveSeed(Number.POSITIVE_INFINITY)).toThrow(ArgumentError);
  expect(generator.state.position).toBe(0);
});

const good = random(1).state;
test.each([
  null,
  {},
  { ...good, generator: 'mt19937' },
  { ...good, key: [1] },
  { ...good, key: [1, 2 ** 32] },
  { ...good, key: [1, '2'] },
  { ...good, stream: -1 },
  { ...good, position: 0.5 },
  { ...good, position: undefined },
])('the state %j is refused', (state) => {
  expect(() => randomFrom(state as RandomState)).toThrow(ArgumentError);
});
