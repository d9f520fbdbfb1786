import type { Language } from './language.ts';

/**
 * What arithmetic on limbs of 16 bits is made of, in the words that scripts and shaders share; `var` stands for the
 * declaration of a local variable, `loop` for that of a counter.
 *
 * Compilers of shaders may reorder sums, also those of several functions: a + (x − y) becomes (a + x) − y, which need
 * not be exact. No sum is moved past `abs`, so differences of large terms, never negative, are put into one.
 */

const remainder16 = (x: string): string => `lowBits(${x}, 65536.0, ${2 ** -16})`;

const functions: readonly (readonly [
  name: string,
  parameters: readonly string[],
  body: readonly string[],
])[] = [
  ['lowBits', ['x', 'size', 'inverse'], ['return abs(x - floor(x * inverse) * size);']],
  [
    'productLow',
    ['a', 'b'],
    [
      'var upper = floor(b * 0.00390625);',
      'var lower = abs(b - upper * 256.0);',
      `return ${remainder16('(a * lower + lowBits(a * upper, 256.0, 0.00390625) * 256.0)')};`,
    ],
  ],
  [
    'productHigh',
    ['a', 'b'],
    [
      'var upper = floor(b * 0.00390625);',
      'var lower = abs(b - upper * 256.0);',
      'var above = floor(a * upper * 0.00390625);',
      'var within = a * lower + lowBits(a * upper, 256.0, 0.00390625) * 256.0;',
      `return above + floor(within * ${2 ** -16});`,
    ],
  ],
  ...[3, 8, 16].map(commonBits),
  [
    'divideByte',
    ['upper', 'byte', 'divisor'],
    [
      'var number = upper * 256.0 + byte;',
      'var quotient = floor(number / divisor);',
      'var rest = number - quotient * divisor;',
      // A quotient of floats may be rounded past a whole number.
      'if (rest < 0.0) { quotient -= 1.0; rest += divisor; }',
      'if (rest >= divisor) { quotient += 1.0; rest -= divisor; }',
      'remainderLow = rest;',
      'return quotient;',
    ],
  ],
  [
    'divideByShort',
    ['high', 'low', 'divisor'],
    [
      'var third = floor(high * 0.00390625);',
      'var first = floor(low * 0.00390625);',
      'var upper = divideByte(0.0, third, divisor) * 256.0;',
      'quotientHigh = upper + divideByte(remainderLow, high - third * 256.0, divisor);',
      'upper = divideByte(remainderLow, first, divisor) * 256.0;',
      'quotientLow = upper + divideByte(remainderLow, low - first * 256.0, divisor);',
      'remainderHigh = 0.0;',
      'return 0.0;',
    ],
  ],
  [
    'divideStep',
    ['bit', 'divisorHigh', 'divisorLow'],
    [
      'var low = remainderLow * 2.0 + bit;',
      `var carry = floor(low * ${2 ** -16});`,
      'low -= carry * 65536.0;',
      'var high = remainderHigh * 2.0 + carry;',
      'var fits = (high > divisorHigh || (high == divisorHigh && low >= divisorLow)) ? 1.0 : 0.0;',
      'low -= fits * divisorLow;',
      'high -= fits * divisorHigh;',
      'if (low < 0.0) { low += 65536.0; high -= 1.0; }',
      'remainderLow = low;',
      'remainderHigh = high;',
      'return fits;',
    ],
  ],
  [
    'divide',
    ['high', 'low', 'divisorHigh', 'divisorLow'],
    [
      'quotientHigh = 0.0;',
      'quotientLow = 0.0;',
      'remainderHigh = 0.0;',
      'remainderLow = 0.0;',
      'if (divisorHigh + divisorLow > 0.0) {',
      ...['High', 'Low'].flatMap((half) => [
        `  var rest${half} = ${half.toLowerCase()};`,
        `  var weight${half} = 32768.0;`,
        '  for (loop i = 0; i < 16; i++) {',
        `    var bit = rest${half} >= weight${half} ? 1.0 : 0.0;`,
        `    rest${half} -= bit * weight${half};`,
        `    quotient${half} = quotient${half} * 2.0 + divideStep(bit, divisorHigh, divisorLow);`,
        `    weight${half} *= 0.5;`,
        '  }',
      ]),
      '}',
      'return 0.0;',
    ],
  ],
];

/** Σ of the bits set in both, of the lowest `bits`. */
function commonBits(bits: number) {
  const body = [
    'var x = a;',
    'var y = b;',
    'var sum = 0.0;',
    'var weight = 1.0;',
    `for (loop i = 0; i < ${bits}; i++) {`,
    '  var u = floor(x * 0.5);',
    '  var v = floor(y * 0.5);',
    '  sum += (x - 2.0 * u) * (y - 2.0 * v) * weight;',
    '  weight *= 2.0;',
    '  x = u;',
    '  y = v;',
    '}',
    'return sum;',
  ];
  return [`commonBits${bits}`, ['a', 'b'], body] as const;
}

/** How the bodies above declare, in a language, a variable and the counter of a loop. */
export interface LimbSyntax {
  /** The keyword of a real that is assigned again: `let`, `float`. */
  readonly real: string;
  /** That of a counter: `let`, `int`. */
  readonly counter: string;
}

/** The definitions that `LimbWords` calls, once in a text. */
export function limbPrelude(language: Language, { real, counter }: LimbSyntax): string {
  const results = ['quotientLow', 'quotientHigh', 'remainderLow', 'remainderHigh'];
  const written = (line: string): string =>
    line.replace('(loop i', `(${counter} i`).replace(/^(\s*)var /, `$1${real} `);
  return [
    ...results.map((name) => language.shared(name)),
    ...functions.map(([name, parameters, body]) => language.define(name, parameters, body.map(written))),
  ].join('\n');
}
