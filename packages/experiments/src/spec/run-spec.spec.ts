import { ArgumentError, OptionError } from '@funhash/hashing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SpecError } from '../errors.ts';
import { describeSpec, type RunRequest, readSpec, runSpec, specHash, specText } from './run-spec.ts';

const request = fc.record(
  {
    data: fc.record(
      { name: fc.constantFrom('mnist', 'rot'), seed: fc.nat(9), trainCount: fc.integer({ min: 1, max: 99 }) },
      { requiredKeys: [] },
    ),
    augment: fc.record({ shift: fc.nat(4), flip: fc.boolean() }, { requiredKeys: [] }),
    net: fc.record(
      {
        model: fc.constantFrom('mlp', 'lenet5', 'bnn'),
        weights: fc.constantFrom('dense', 'funHash:1/64,hashes=8', ['dense', 'hashedNet:1/2']),
        dropout: fc.constantFrom(0, 0.1, 0.5),
      },
      { requiredKeys: [] },
    ),
    optimizer: fc.record(
      { rule: fc.constantFrom('adam', 'sgd'), learningRate: fc.constantFrom(0.1, 0.27) },
      { requiredKeys: [] },
    ),
    epochs: fc.nat(20),
    seed: fc.nat(99),
    judge: fc.constantFrom(null, {}, { mistakes: 3 }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<RunRequest>;

/** The same value with the keys of all objects in another order. */
function shuffled(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, part]) => [name, shuffled(part)]),
  );
}

test('a zero below zero is zero: the hash is that of the spec as it is written', () => {
  const read = readSpec('{"seed":-0,"data":{"validation":-0}}', 'spec.json');
  expect(specHash(read)).toBe(specHash(readSpec(JSON.stringify(read), 'spec.json')));
  expect(specHash(read)).toBe(specHash(runSpec({ data: { validation: 0 } })));
});

test('a spec is JSON: it comes back from text, with the same hash, whatever the order of keys', () => {
  fc.assert(
    fc.property(request, (given) => {
      const spec = runSpec(given);
      expect(readSpec(JSON.stringify(spec), 'test')).toEqual(spec);
      expect(runSpec(spec)).toEqual(spec);
      expect(specHash(runSpec(shuffled(given)))).toBe(specHash(spec));
      expect(readSpec(specText(spec), 'test')).toEqual(spec);
      expect(specHash(spec)).toMatch(/^[0-9a-f]{16}$/);
    }),
    { seed: 5, numRuns: 200 },
  );
});

test('specs that differ have hashes that differ; a default that is stated changes none', () => {
  fc.assert(
    fc.property(request, request, (a, b) => {
      const [one, other] = [runSpec(a), runSpec(b)];
      expect(specHash(one) === specHash(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
    }),
    { seed: 6, numRuns: 200 },
  );
  expect(specText(runSpec({}))).toBe('{"version":1}');
  expect(specHash(runSpec({ epochs: 10, net: { model: 'mlp' }, judge: {} }))).toBe(specHash(runSpec({})));
});

// Folders are found by these names: they stay.
test('hashes are those of today', () => {
  expect(specHash(runSpec({}))).toBe('2430f1a2ad2982d0');
  expect(specHash(runSpec({ data: { name: 'rot' }, net: { weights: 'funHash:1/64' }, seed: 3 }))).toBe(
    'ab67ca1eab189f09',
  );
});

describe('strangers are refused with the nearest name', () => {
  test.each<[unknown, RegExp]>([
    [{ epoch: 3 }, /run: unknown option epoch; did you mean epochs\?/],
    [{ data: { nam: 'mnist' } }, /run\.data: unknown option nam; did you mean name\?/],
    [{ net: { weight: 'dense' } }, /run\.net: unknown option weight; did you mean weights\?/],
    [{ net: { file: 'a', layer: ['0'] } }, /run\.net: unknown option layer; did you mean layers\?/],
    [{ optimizer: { learnRate: 1 } }, /unknown option learnRate; did you mean learningRate\?/],
    [{ optimizer: { rule: 'sgd', momentun: 0.5 } }, /unknown option momentun; did you mean momentum\?/],
    [{ storage: { storeas: 'i8' } }, /run\.storage: unknown option storeas; did you mean storeAs\?/],
    [{ judge: { mistake: 1 } }, /run\.judge: unknown option mistake; did you mean mistakes\?/],
    [{ augment: { flips: true } }, /run\.augment: unknown option flips; did you mean flip\?/],
  ])('%j', (given, message) => {
    expect(() => runSpec(given)).toThrow(OptionError);
    expect(() => runSpec(given)).toThrow(message);
  });
});

test.each<[unknown, RegExp]>([
  [{ version: 2 }, /version: one of 1/],
  [{ epochs: -1 }, /epochs: a whole number/],
  [{ net: { model: 'alexnet' } }, /model: one of mlp, .*lenet5/],
  [{ net: { weights: 'hashedNet:3' } }, /a ratio above 0/],
  [{ net: { weights: ['dense', 'hash'] } }, /one of .*hashedNet/],
  [{ net: { quantizer: 'hashedNet' } }, /a quantiser/],
  [{ net: { file: 'a', sha256: 'A' } }, /64 hexadecimal digits/],
  [{ optimizer: { rule: 'adm' } }, /rule: one of/],
  [{ optimizer: { rule: 'sgd', momentum: -1 } }, /momentum/],
  [{ data: null }, /without data a net from a file/],
  [{ data: [] }, /options as an object/],
  ['mnist', /options as an object/],
])('%j is refused', (given, message) => {
  expect(() => runSpec(given)).toThrow(ArgumentError);
  expect(() => runSpec(given)).toThrow(message);
});

test('hostile text is a spec or refused, nothing else', () => {
  const key = fc.constantFrom('version', 'data', 'net', 'file', 'weights', 'optimizer', 'judge', '__proto__');
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(key, fc.jsonValue())), (value) => {
      try {
        expect(runSpec(readSpec(JSON.stringify(value), 'test'))).toBeDefined();
      } catch (error) {
        expect(error).toBeInstanceOf(ArgumentError);
      }
    }),
    { seed: 7, numRuns: 1000 },
  );
  for (const text of ['', '{', '{"epochs":1,"epochs":2}', '['.repeat(1000)])
    expect(() => readSpec(text, 'test')).toThrow(SpecError);
});

test('a spec in a few words', () => {
  expect(
    describeSpec(
      runSpec({
        net: { widths: [500, 20], weights: ['dense', 'funHash:1/64', 'dense'] },
        optimizer: { learningRate: 0.2 },
      }),
    ),
  ).toBe('mnist, mlp 500-20, dense funHash:1/64, rate 0.2, seed 0');
  expect(describeSpec(runSpec({ data: { name: 'a\u009b31m' } }))).toMatch(/^a\\u009b31m, mlp/);
  expect(describeSpec(runSpec({ data: null, net: { file: 'a.safetensors' }, epochs: 0, judge: null }))).toBe(
    'a.safetensors, seed 0',
  );
});
