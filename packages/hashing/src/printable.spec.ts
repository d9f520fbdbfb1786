import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArgumentError, FunhashError, OptionError } from './errors.ts';
import { checkOptions, shownValue } from './options/check-options.ts';
import { option } from './options/option.ts';
import { printable, quoted } from './printable.ts';

/** What terminals and pages take as an order: listed here by number, not by the property names of Unicode. */
const steers = (code: number): boolean =>
  code < 0x20 ||
  (code >= 0x7f && code < 0xa0) ||
  [0x61c, 0x200e, 0x200f, 0x2028, 0x2029, 0xfeff].includes(code) ||
  (code >= 0x202a && code <= 0x202e) ||
  (code >= 0x2066 && code <= 0x2069);
const isPrintable = (text: string): boolean =>
  !/\p{Surrogate}/u.test(text) && [...text].every((character) => !steers(character.codePointAt(0) as number));

const anyText = fc.string({
  unit: fc.oneof(
    fc.nat(0xffff).map((code) => String.fromCharCode(code)),
    fc.nat(0xbf).map((code) => String.fromCharCode(code)),
    fc.integer({ min: 0x2000, max: 0x2070 }).map((code) => String.fromCharCode(code)),
  ),
});

describe('printable', () => {
  test.each([
    ['\u009b31mred', '\\u009b31mred'],
    ['\x1b]0;title\x07', '\\u001b]0;title\\u0007'],
    ['a\nb\tc\x7f', 'a\\u000ab\\u0009c\\u007f'],
    ['gpj.\u202eexe', 'gpj.\\u202eexe'],
    ['\ud800 and 😀', '\\ud800 and 😀'],
    ['Grüße, 数字, 👨‍👩‍👧', 'Grüße, 数字, 👨‍👩‍👧'],
  ])('%j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  test('any text: nothing steers, what did not is kept, twice is once', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const shown = printable(text);
        expect(isPrintable(shown)).toBe(true);
        expect(isPrintable(quoted(text))).toBe(true);
        if (isPrintable(text)) expect(shown).toBe(text);
        expect(printable(shown)).toBe(shown);
        if (text.length <= 80) expect(JSON.parse(quoted(text))).toBe(text);
      }),
      { seed: 20, numRuns: 1000 },
    );
  });

  test('quotations of long text end', () => {
    expect(quoted('x'.repeat(1e6))).toBe(`"${'x'.repeat(80)}"…`);
  });
});

test('no message of a typed error steers, wherever the text came in', () => {
  const name = '\u009b2J\u202e';
  const errors = [
    new FunhashError({ operation: name, expected: name, actual: name, remedy: name }),
    new OptionError({ operation: 'f', name, known: ['a'], nearest: undefined }),
    new ArgumentError({ operation: 'f', expected: 'a', actual: shownValue(name) }),
  ];
  for (const error of errors) {
    expect(isPrintable(error.message)).toBe(true);
    expect(Object.values(error.details).every(isPrintable)).toBe(true);
  }
  for (const given of [{ [name]: 1 }, { a: name }, { a: { [name]: name } }, { a: Object(name) }])
    expect(() => checkOptions('f', { a: option.count() }, given)).toThrow(/^[ -~…≥]*$/);
});

test('values are shown short, of whatever kind they are', () => {
  expect(shownValue('x'.repeat(1e6))).toHaveLength(80);
  expect(shownValue(Object.assign(new Date(), { constructor: { name: Symbol('s') } }))).toBe('a Date');
  expect(shownValue(new (class {})())).toBe('an object');
  expect(shownValue(Symbol('s'))).toBe('Symbol(s)');
});

test('a text of any length makes a message that can be read, with its beginning and its end', () => {
  const long = `begins ${'x\u009b'.repeat(50_000)} ends`;
  const { message, details } = new ArgumentError({
    operation: long,
    expected: long,
    actual: long,
    remedy: long,
  });
  expect(message.length).toBeLessThan(2500);
  for (const text of Object.values(details)) expect(text).toMatch(/^begins x\\u009bx.*….* ends$/);
  const { message: ofOption } = new OptionError({
    operation: 'f',
    name: long,
    known: [],
    nearest: undefined,
  });
  expect(ofOption).toMatch(/^f: unknown option begins x.*….* ends; it takes none$/);
  expect(ofOption.length).toBeLessThan(1000);
});

test('an empty text leaves no gap in a message', () => {
  expect(new ArgumentError({ operation: 'f', expected: 'a name', actual: '' }).message).toBe(
    'f: expected a name, got "".',
  );
  expect(new OptionError({ operation: 'f', name: '', known: ['a'], nearest: undefined }).message).toBe(
    'f: unknown option ""; it takes a',
  );
});
