import { option } from '@funhash/hashing';
import type { TypedArray } from '@funhash/tensor';
import type { Dialect } from '../text/dialect.ts';
import { decoderText } from './coder/decoder-text.ts';
import { type Coding, codingOf, encodedLevels } from './coder/encode-levels.ts';
import type { Levels } from './levels.ts';

/** Rules of files that a machine reads: of how short they shall be. */
export const sizeRules = {
  /**
   * How values that are multiples of a step lie in the file: `packed`, each in as many bits or characters as any; `coded`, by a range
   * coder, the commoner the shorter, and decoded when the file is loaded. Default: the one that makes the file smaller.
   */
  values: option.oneOf(['packed', 'coded']),
  /**
   * `fast` (default): kernels are written out for their shapes, several channels at a time. `small`: kernels that differ by numbers alone are one
   * function, of one channel or vector of channels at a time.
   */
  code: option.oneOf(['fast', 'small']),
} as const;

export type Values = 'packed' | 'coded';

/** Arrays of levels, and where they go in memory: in rows of so many values, so many apart; default, one row. */
export interface PlacedLevels {
  readonly found: Levels;
  readonly offset: number;
  readonly used?: readonly [number, number] | undefined;
}

/** The rows of an array, values of a row, and what rows lie apart. */
export function rowsOf({ found, used }: PlacedLevels): readonly [number, number, number] {
  const { length } = found.levels;
  const [width, apart] = used ?? [length, length];
  return [length / width, width, apart];
}

/** Values of rows without what is behind them. */
export function usedOf<T extends TypedArray>(values: T, [width, apart]: readonly [number, number]): T {
  return values.filter((_: number, at: number) => at % apart < width) as T;
}

/**
 * Levels of arrays in one code, and the text of `load`, which puts those of the next array into memory `m`; `loadOf` calls it.
 *
 * @param digit the expression of digit `i` of the code
 */
export function codedLevels(arrays: readonly PlacedLevels[], dialect: Dialect, radix: number, digit: string) {
  const levels = arrays.map(({ found }) => found.levels);
  const coding: Coding = codingOf(levels, radix);
  const hasRows = arrays.some((each) => rowsOf(each)[0] > 1);
  const value = `${dialect.convert('level()', 'i32', 'f32')} * s;`;
  const body = hasRows
    ? [`for (; n > 0; n -= 1) {`, `${dialect.loop('j', 'w')} m[a + j] = ${value}`, 'a += d;', '}']
    : [`${dialect.loop('j', 'w')} m[a + j] = ${value}`];
  const whole = (name: string): string => dialect.parameter(name, 'integer');
  const parameters = [
    whole('a'),
    whole('w'),
    dialect.parameter('s', 'real'),
    ...(hasRows ? [whole('n'), whole('d')] : []),
  ];
  const load = dialect.define('load', parameters, ['fresh();', ...body].join('\n'), 'nothing');
  const loadOf = (each: PlacedLevels, step: string): string => {
    const [rows, width, apart] = rowsOf(each);
    return `load(${[each.offset, width, step, ...(hasRows ? [rows, apart] : [])].join(', ')});`;
  };
  return {
    coding,
    digits: encodedLevels(levels, coding),
    text: `${decoderText(dialect, coding, digit)}\n${load}`,
    loadOf,
  };
}
