import { type RealOp, tanhClamp, tanhDenominator, tanhNumerator } from '@funhash/formula';
import { define, type Language, numberText } from './language.ts';

/** Real operations as expressions that script and shaders share; `math` names their functions in either. */

/** Values that come from elsewhere. */
type Leaf = 'real' | 'scalar' | 'input' | 'at' | 'asSign' | 'asReal';

type Expression = (a: string, b: string, c: string) => string;

/**
 * Comparisons are so written that NaN comes out where the reference gives NaN: a comparison with NaN is false.
 * `truth` arguments are 0 or 1.
 */
export const realExpressions: Readonly<Record<Exclude<RealOp, Leaf>, Expression>> = {
  plus: (a, b) => `${a} + ${b}`,
  minus: (a, b) => `${a} - ${b}`,
  times: (a, b) => `${a} * ${b}`,
  over: (a, b) => `${a} / ${b}`,
  maximum: (a, b) => `(${a} < ${b} || ${b} != ${b}) ? ${b} : ${a}`,
  minimum: (a, b) => `(${b} < ${a} || ${b} != ${b}) ? ${b} : ${a}`,
  negate: (a) => `-${a}`,
  tanh: (a) => `rationalTanh(${a})`,
  // Not `x < 0 ? 0 : x`: compilers of shaders make that a maximum, which drops NaN.
  relu: (a) => `(${a} > 0.0 || ${a} != ${a}) ? ${a} : 0.0`,
  exp: (a) => `exp(${a})`,
  log: (a) => `log(${a})`,
  sqrt: (a) => `sqrt(${a})`,
  sin: (a) => `sin(${a})`,
  cos: (a) => `cos(${a})`,
  abs: (a) => `abs(${a})`,
  sign: (a) => `${a} > 0.0 ? 1.0 : (${a} < 0.0 ? -1.0 : ${a})`,
  floor: (a) => `floor(${a})`,
  ifPositive: (a, b, c) => `${a} > 0.0 ? ${b} : ${c}`,
  surrogate: (a) => a,
  select: (truth, b, c) => `${truth} != 0.0 ? ${b} : ${c}`,
};

const functions = ['exp', 'log', 'sqrt', 'sin', 'cos', 'abs', 'floor'];

/** Definitions that the expressions need, once in a kernel. */
export function realPrelude(language: Language): string {
  const named =
    language === 'js' ? functions.map((name) => define('js', name, ['x'], [`return Math.${name}(x);`])) : [];
  return [...named, rationalTanh(language)].join('\n');
}

function rationalTanh(language: Language): string {
  const horner = (coefficients: readonly number[]): string =>
    coefficients
      .map((value) => numberText(value, language))
      .reduceRight((rest, coefficient) => `(${coefficient} + s * ${rest})`);
  const clamp = numberText(tanhClamp, language);
  const type = language === 'js' ? 'const' : 'float';
  return define(
    language,
    'rationalTanh',
    ['x'],
    [
      // Ahead of the clamp, which shaders make of minimum and maximum.
      'if (x != x) { return x; }',
      `${type} c = x > ${clamp} ? ${clamp} : (x < -${clamp} ? -${clamp} : x);`,
      `${type} s = c * c;`,
      `return c * ${horner(tanhNumerator)} / ${horner(tanhDenominator)};`,
    ],
  );
}
