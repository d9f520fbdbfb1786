import type { Dialect } from '../../text/dialect.ts';
import { type Coding, contextCount, mostCount, onContext, rangeOf } from './encode-levels.ts';

/**
 * Text of the decoder of `encodedLevels`: `fresh()` begins an array, `level()` gives its next level. It needs an array `h` of
 * `countersOf` small whole numbers, 0 at the start.
 *
 * @param digit the expression of digit `i` of the code
 */
export function decoderText(dialect: Dialect, coding: Coding, digit: string): string {
  const { radix, depth, classes, goesOn } = coding;
  const size = 2 ** depth;
  const bit = [
    `for (; r < ${rangeOf(coding).least}; r *= ${radix}) { c = c * ${radix} + ${digit}; i += 1; }`,
    dialect.integer('z', 'h[k]'),
    dialect.integer('o', 'h[k + 1]'),
    dialect.counter('b', `${dialect.quotient('r', '(2 * (z + o) + 2)')} * (2 * z + 1)`),
    'if (c < b) { r = b; b = 0; } else { c -= b; r -= b; b = 1; }',
    `if (z + o > ${mostCount}) { h[k] = z >> 1; h[k + 1] = o >> 1; }`,
    'h[k + b] += 1;',
    'return b;',
  ];
  const context = classes === 1 ? 'k * 2' : `(k + p * ${size}) * 2`;
  const level = [
    dialect.counter('k', '1'),
    `for (; k < ${size};) k += k + bit(${context});`,
    `k -= ${size};`,
    ...(goesOn ? [`if (k > ${size - 2}) for (; bit(${2 * onContext(coding)}) > 0;) k += 1;`] : []),
    ...(classes === 1 ? [] : [`p = k < ${classes - 1} ? k : ${classes - 1};`]),
    'if (k > 0) if (bit(0) > 0) k = 0 - k;',
    'return k;',
  ];
  const fresh = [`${dialect.loop('j', countersOf(coding))} h[j] = 0;`, ...(classes === 1 ? [] : ['p = 0;'])];
  return [
    ...Object.entries(startOf(coding)).map(([name, value]) => dialect.state(name, value)),
    dialect.define('bit', [dialect.parameter('k', 'integer')], bit.join('\n'), 'integer'),
    dialect.define('level', [], level.join('\n'), 'integer'),
    dialect.define('fresh', [], fresh.join('\n'), 'nothing'),
  ].join('\n');
}

/** Numbers that a decoder keeps, as they are before the first digit. */
export const startOf = ({ classes }: Coding): Readonly<Record<string, number>> => ({
  c: 0,
  i: 0,
  r: 1,
  ...(classes > 1 && { p: 0 }),
});

/** Numbers that contexts take: of each, zeros and ones. */
export const countersOf = (coding: Coding): number => 2 * contextCount(coding);
