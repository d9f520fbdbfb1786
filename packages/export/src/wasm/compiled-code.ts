import { ExportError } from '../export-error.ts';
import { signed, single, type Type } from './binary.ts';

/** Instructions that leave a value. */
export interface Compiled {
  readonly type: Type;
  readonly code: readonly number[];
  /** The same as a number added to what other code gives: loads and stores take it for nothing. */
  readonly sum?: Sum | undefined;
}

interface Sum {
  readonly code: readonly number[];
  readonly plus: number;
}

/** A sum whose parts are numbers ≥ 0 in an index, with the numbers that are known together. */
export function sumOf(a: Compiled, b: Compiled): Sum {
  const [left, right] = [a, b].map(({ code, sum }) => sum ?? { code, plus: 0 }) as [Sum, Sum];
  const plus = left.plus + right.plus;
  if (isZero(left.code)) return { code: right.code, plus };
  if (isZero(right.code)) return { code: left.code, plus };
  return { code: [...left.code, ...right.code, 0x6a], plus };
}

/** Whether code is the number 0. */
export const isZero = (code: readonly number[]): boolean =>
  code.length === 2 && code[0] === 0x41 && code[1] === 0;

/** A number of a text. */
export function literal(token: string): Compiled {
  const isHex = token.startsWith('0x');
  if (!isHex && /[.ef]/.test(token))
    return { type: 'float', code: [0x43, ...single(Number(token.replace('f', '')))] };
  const value = Number(token.replace('u', ''));
  return {
    type: token.endsWith('u') ? 'uint' : 'int',
    code: [0x41, ...signed(value)],
    sum: { code: [0x41, 0], plus: value },
  };
}

/** The error of a text that is not of this C. */
export const unsaid = (expected: string, actual: string): ExportError =>
  new ExportError({ operation: 'toWasm', expected: `${expected} in the text of a kernel`, actual });
