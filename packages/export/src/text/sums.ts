import type { PlanView } from '@funhash/tensor';
import { isMatrix, type Product } from '../operations.ts';
import { type KernelText, scaled } from './kernel-text.ts';

/** The numbers of a product as text: reals, or whole ones where x and its matrix are such. */
export interface SumNumbers {
  /** What a sum of 1 is worth, where sums are whole. */
  readonly unit: number | undefined;
  /** The declaration of a sum, at 0. */
  sum(name: string): string;
  /** A name for a number. */
  constant(name: string, value: string): string;
  /** An element of x, and a name for it. */
  read(text: KernelText, view: PlanView, ...terms: readonly string[]): string;
  value(name: string, text: KernelText, view: PlanView, ...terms: readonly string[]): string;
  /** An element of the matrix, a multiple of its step. */
  level(text: KernelText, weight: PlanView, ...terms: readonly string[]): string;
  /** What a sum is as a real. */
  real(sum: string): string;
}

/** How a product forms its sums. */
export function numbersOf(own: KernelText, { whole, weight }: Product): SumNumbers {
  const { dialect } = own;
  const { language } = dialect;
  if (whole)
    return {
      unit: whole.unit,
      sum: (name) => dialect.counter(name, '0'),
      constant: (name, value) => dialect.integer(name, value),
      read: (text, view, ...terms) => text.at(view, ...terms),
      value: (name, text, view, ...terms) => dialect.integer(name, text.at(view, ...terms)),
      level: (text, view, ...terms) => text.wholeLevel(view, ...terms),
      real: (sum) => `${dialect.convert(sum, 'i32', 'f32')} * ${language.literal(whole.unit)}`,
    };
  const step = isMatrix(weight) ? undefined : own.stepOf(weight);
  return {
    unit: undefined,
    sum: (name) => dialect.real(name, '0'),
    constant: (name, value) => language.constant(name, value),
    read: (text, view, ...terms) => text.read(view, ...terms),
    value: (name, text, view, ...terms) => language.constant(name, text.read(view, ...terms)),
    level: (text, view, ...terms) => text.readLevel(view, ...terms),
    real: (sum) => (step === undefined ? sum : `${sum} * ${step}`),
  };
}

/**
 * The statement that stores the result of whole sums without any real: their largest, its bias added, brought to the step of the result.
 * Undefined where the product takes reals for that.
 *
 * @param channel terms of the number of the channel
 */
export function wholeResult(
  text: KernelText,
  { whole, bias, out }: Product,
  sums: readonly string[],
  at: readonly string[],
  channel: readonly string[],
): string | undefined {
  if (!whole?.result) return undefined;
  const { multiplier, shift, least } = whole.result;
  const largest = sums.reduce((most, sum) => `larger(${most}, ${sum})`);
  const [first = '0', ...rest] = channel;
  const stride = bias?.strides[0] ?? 0;
  const shifted = bias
    ? `${largest} + ${text.at(bias, scaled(first, stride), ...rest.map((term) => scaled(term, stride)))}`
    : largest;
  return `${text.at(out, ...at)} = fit(${shifted}, ${multiplier}, ${shift}, ${least});`;
}

/** Functions of C by which whole numbers come to 16 bits, and the larger of two. */
export const wholeFunctions: Readonly<Record<string, string>> = {
  larger: 'static int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }',
  fit: 'static int16_t fit(int32_t c, int32_t by, int n, int least) { const int64_t v = (((int64_t)c * by >> (n - 1)) + 1) >> 1; return (int16_t)(v > 32767 ? 32767 : v < least ? least : v); }',
  fixed:
    'static int16_t fixed(float v) { v += v < 0.0f ? -0.5f : 0.5f; return v < 32767.0f ? v > -32767.0f ? (int16_t)v : -32767 : 32767; }',
};
