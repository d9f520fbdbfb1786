import { ArgumentError } from '@funhash/hashing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from './canonical-json.ts';
import { compareCodePoints, parseJson } from './json.ts';

const limits = { maxDepth: 8, maxValues: 1000 };

function parse(text: string) {
  return parseJson(text, limits, (position, expected, actual) => {
    throw new SyntaxError(`${position}: expected ${expected}, got ${actual}`);
  });
}

describe('parseJson', () => {
  test('reads what JSON.parse reads, spaces and escapes included', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }),
        fc.constantFrom(0, 1, 2),
        (value, indent) => {
          const text = JSON.stringify(value, null, indent);
          expect(JSON.stringify(parse(text))).toBe(JSON.stringify(JSON.parse(text)));
        },
      ),
      { seed: 2, numRuns: 300 },
    );
    expect(parse(' ["\\u0041\\ud83d\\ude00\\/\\b", -0, 1e3, 0.5E-1] ')).toEqual(['A😀/\b', -0, 1000, 0.05]);
  });

  test('refuses what JSON.parse refuses', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'[]{}:,"\\a1.e-+ tn\u0001'), maxLength: 12 }),
        (text) => {
          let valid = true;
          try {
            JSON.parse(text);
          } catch {
            valid = false;
          }
          if (!valid) expect(() => parse(text)).toThrow(SyntaxError);
        },
      ),
      { seed: 3, numRuns: 3000 },
    );
  });

  test.each([
    ['a repeated key', '{"a":1,"a":2}', 7],
    ['a repeated key in other spelling', '{"a":1,"\\u0061":2}', 7],
    ['a repeated __proto__', '{"__proto__":1,"__proto__":2}', 15],
    ['a lone surrogate', '"\\ud800"', 0],
    ['an unknown escape', '["\\x"]', 1],
    ['a half escape', '["\\u12"]', 1],
    ['an escape at the end', '"\\', 3],
    ['a number beyond f64', '[1e999]', 1],
    ['deep nesting', '['.repeat(100_000), 8],
    ['too many values', `[${'1,'.repeat(2000)}1]`, 1999],
    ['text after the value', '{} x', 3],
    ['an end inside a string', '"abc', 4],
  ])('refuses %s at its position', (_, text, position) => {
    expect(() => parse(text)).toThrow(new RegExp(`^${position}: `));
  });

  test('keys of Object.prototype are only keys', () => {
    const value = parse('{"__proto__":{"polluted":1},"constructor":2}') as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(value)).toBe(null);
    expect(({} as { polluted?: number }).polluted).toBe(undefined);
  });
});

describe('canonicalJson', () => {
  test('parses back to the same value and ignores the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4, stringUnit: 'grapheme' }), (value) => {
        const text = canonicalJson(value, limits);
        expect(parse(text)).toEqual(value);
        expect(canonicalJson(parse(text), limits)).toBe(text);
      }),
      { seed: 4, numRuns: 300 },
    );
    expect(canonicalJson({ b: 1, a: [-0, null] }, limits)).toBe('{"a":[-0,null],"b":1}');
  });

  const cycle: Record<string, unknown> = {};
  cycle.left = cycle;
  cycle.right = cycle;
  test.each([
    ['undefined', { a: { b: undefined } }, 'the value.a.b'],
    ['NaN', [Number.NaN], 'the value[0]'],
    ['a hole', new Array(1), 'the value[0]'],
    ['a date', { at: new Date(0) }, 'the value.at'],
    ['a typed array', new Float32Array(1), 'Float32Array'],
    ['a bigint', 1n, 'bigint'],
    ['a lone surrogate', '\ud800', 'lone'],
    ['a cycle', cycle, 'nested levels'],
    ['too many values', new Array(2000).fill(0), '1000 JSON values'],
  ])('refuses %s', (_, value, message) => {
    expect(() => canonicalJson(value, limits)).toThrow(ArgumentError);
    expect(() => canonicalJson(value, limits)).toThrow(message);
  });
});

test('compareCodePoints orders as the UTF-8 bytes do', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      expect(Math.sign(compareCodePoints(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
    { seed: 5, numRuns: 500 },
  );
  expect(compareCodePoints('\uffee', '😀')).toBeLessThan(0);
});
