import { block, decimal, type Language, ternary } from '../language.ts';
import { limbPrelude } from '../limb-functions.ts';
import { LimbWords } from '../limb-words.ts';
import { infixOperations, NativeWords, type UnsignedSyntax } from '../native-words.ts';

const unsigned: UnsignedSyntax = {
  literal: (value) => `${value}u`,
  ofReal: (x) => `uint(${x})`,
  // In halves: how a device rounds an integer of more than 24 bits is its own affair.
  asReal: (word) => `float(${word} >> 16u) * 65536.0 + float(${word} & 65535u)`,
  asSign: (word) => ternary(`(${word} & 1u) == 0u`, '1.0', '-1.0'),
  operations: {
    ...infixOperations((b) => `max(${b}, 1u)`),
    below: (a, b) => `highWord(${a}, ${b})`,
  },
};

/** The high word of a product, of its four products of halves. */
const highWord = `uint highWord(uint a, uint b) {
  uint al = a & 65535u; uint ah = a >> 16u; uint bl = b & 65535u; uint bh = b >> 16u;
  uint middle = ((al * bl) >> 16u) + ((al * bh) & 65535u) + ((ah * bl) & 65535u);
  return ah * bh + ((al * bh) >> 16u) + ((ah * bl) >> 16u) + (middle >> 16u);
}`;

const shader = {
  constant: (name, value, type = 'real') => `${type === 'word' ? 'uint' : 'float'} ${name} = ${value};`,
  shared: (name) => `float ${name} = 0.0;`,
  define: (name, parameters, body) =>
    block(`float ${name}(${parameters.map((parameter) => `float ${parameter}`).join(', ')})`, body),
  literal(value) {
    if (Number.isNaN(value)) return '(0.0 / 0.0)';
    if (Number.isFinite(value)) return decimal(value);
    return value > 0 ? '(1.0e30 * 1.0e30)' : '(-(1.0e30 * 1.0e30))';
  },
  choose: ternary,
  call: (name, x) => `${name}(${x})`,
} as const satisfies Partial<Language>;

/** GLSL ES 1.00, of WebGL: there are only floats, so words are limbs. */
export const glsl100: Language = {
  ...shader,
  name: 'glsl100',
  words: (program) => new LimbWords(program, glsl100),
  get wordPrelude() {
    return limbPrelude(glsl100, { real: 'float', counter: 'int' });
  },
};

/** GLSL ES 3.00, of WebGL2, which has unsigned integers. */
export const glsl300: Language = {
  ...shader,
  name: 'glsl300',
  words: () => new NativeWords(glsl300, unsigned),
  wordPrelude: highWord,
};
