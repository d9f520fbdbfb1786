import { block, decimal, type Language, ternary } from '../language.ts';
import { infixOperations, NativeWords, type UnsignedSyntax } from '../native-words.ts';

const unsigned: UnsignedSyntax = {
  literal: (value) => `${value}u`,
  ofReal: (x) => `(uint32_t)(${x})`,
  asReal: (word) => `(float)${word}`,
  asSign: (word) => ternary(`(${word} & 1u) == 0u`, '1.0f', '-1.0f'),
  operations: {
    ...infixOperations((b) => `(${b} + (${b} == 0u))`),
    below: (a, b) => `(uint32_t)(((uint64_t)${a} * ${b}) >> 32)`,
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
