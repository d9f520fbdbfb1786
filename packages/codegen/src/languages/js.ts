import { block, decimal, type Language, ternary } from '../language.ts';
import { NativeWords, type UnsignedSyntax } from '../native-words.ts';

// A quotient by zero is infinite, a remainder NaN: 0 as words.
const quotient = (a: string, b: string): string => `(${a} / ${b}) >>> 0`;
const remainder = (a: string, b: string): string => `(${a} % ${b}) >>> 0`;

const unsigned: UnsignedSyntax = {
  literal: String,
  ofReal: (x) => x,
  asReal: (word) => word,
  asSign: (word) => ternary(`(${word} & 1) == 0`, '1.0', '-1.0'),
  operations: {
    add: (a, b) => `(${a} + ${b}) >>> 0`,
    mul: (a, b) => `Math.imul(${a}, ${b}) >>> 0`,
    xor: (a, b) => `(${a} ^ ${b}) >>> 0`,
    and: (a, b) => `(${a} & ${b}) >>> 0`,
    or: (a, b) => `(${a} | ${b}) >>> 0`,
    shl: (a, b) => `(${a} << ${b}) >>> 0`,
    shr: (a, b) => `${a} >>> ${b}`,
    below: (a, b) => `highWord(${a}, ${b})`,
    div: quotient,
    rem: remainder,
    group: quotient,
    lane: remainder,
  },
};

const constant: Language['constant'] = (name, value) => `const ${name} = ${value};`;
const define: Language['define'] = (name, parameters, body) =>
  block(`function ${name}(${parameters.join(', ')})`, body);

/** JavaScript. Words are numbers 0 … 2^32 − 1; reals are doubles, not rounded between operations. */
export const js: Language = {
  name: 'js',
  words: () => new NativeWords(js, unsigned),
  // A product of two words has more digits than a double.
  wordPrelude: define(
    'highWord',
    ['a', 'b'],
    [
      'const al = a & 65535, ah = a >>> 16, bl = b & 65535, bh = b >>> 16;',
      'const middle = ((al * bl) >>> 16) + ((al * bh) & 65535) + ((ah * bl) & 65535);',
      'return (ah * bh + ((al * bh) >>> 16) + ((ah * bl) >>> 16) + (middle >>> 16)) >>> 0;',
    ],
  ),
  constant,
  shared: (name) => `let ${name} = 0;`,
  define,
  literal: (value) => (Number.isFinite(value) ? decimal(value) : `(${value})`),
  choose: ternary,
  call: (name, x) => `Math.${name}(${x})`,
};
