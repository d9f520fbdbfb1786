import { block, decimal, type Language, ternary } from '../language.ts';
import { NativeWords, type UnsignedSyntax } from '../native-words.ts';

const infix = (operator: string) => (a: string, b: string) => `${a} ${operator} ${b}`;
const unlessZero = (operator: string) => (a: string, b: string) =>
  ternary(`${b} == 0u`, '0u', `${a} ${operator} (${b} + (${b} == 0u))`);

const unsigned: UnsignedSyntax = {
  literal: (value) => `${value}u`,
  ofReal: (x) => `(uint32_t)(${x})`,
  asReal: (word) => `(float)${word}`,
  asSign: (word) => ternary(`(${word} & 1u) == 0u`, '1.0f', '-1.0f'),
  operations: {
    add: infix('+'),
    mul: infix('*'),
    xor: infix('^'),
    and: infix('&'),
    or: infix('|'),
    shl: infix('<<'),
    shr: infix('>>'),
    below: (a, b) => `(uint32_t)(((uint64_t)${a} * ${b}) >> 32)`,
    div: unlessZero('/'),
    rem: unlessZero('%'),
    group: infix('/'),
    lane: infix('%'),
  },
};

const floats = { abs: 'fabsf' } as Readonly<Record<string, string>>;

/** C99 with <stdint.h> and <math.h>: words are uint32_t, reals float. */
export const c: Language = {
  name: 'c',
  words: () => new NativeWords(c, unsigned),
  wordPrelude: '',
  constant: (name, value, type = 'real') =>
    `const ${type === 'word' ? 'uint32_t' : 'float'} ${name} = ${value};`,
  shared: (name) => `static float ${name};`,
  define: (name, parameters, body) =>
    block(
      `static float ${name}(${parameters.map((parameter) => `float ${parameter}`).join(', ') || 'void'})`,
      body,
    ),
  literal(value) {
    if (Number.isNaN(value)) return 'NAN';
    if (!Number.isFinite(value)) return value > 0 ? 'INFINITY' : '(-INFINITY)';
    const digits = decimal(value);
    return digits.endsWith(')') ? `${digits.slice(0, -1)}f)` : `${digits}f`;
  },
  choose: ternary,
  call: (name, x) => `${floats[name] ?? `${name}f`}(${x})`,
};
