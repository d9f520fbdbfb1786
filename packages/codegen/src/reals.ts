import { expm1Limit, expm1NearZero, type functions, type Node, type RealOp } from '@funhash/formula';
import type { Language, RealFunction } from './language.ts';

/** Functions that `expanded` writes out. */
type Expanded = keyof typeof functions;

/** Values that come from elsewhere. */
type Leaf = 'real' | 'scalar' | 'input' | 'at' | 'asSign' | 'asReal';

type Expression = (language: Language, a: string, b: string, c: string) => string;

const call =
  (name: RealFunction): Expression =>
  (language, a) =>
    language.call(name, a);

/**
 * Real operations as expressions. Comparisons are so written that NaN comes out where the reference gives NaN: a
 * comparison with NaN is false. `truth` arguments are 0 or 1.
 */
const expressions: Readonly<Record<Exclude<RealOp, Leaf | Expanded>, Expression>> = {
  plus: (_, a, b) => `${a} + ${b}`,
  minus: (_, a, b) => `${a} - ${b}`,
  times: (_, a, b) => `${a} * ${b}`,
  over: (_, a, b) => `${a} / ${b}`,
  maximum: ({ choose, maximum }, a, b) =>
    maximum ? maximum(a, b) : choose(`${a} < ${b} || ${b} != ${b}`, b, a),
  minimum: ({ choose }, a, b) => choose(`${b} < ${a} || ${b} != ${b}`, b, a),
  negate: (_, a) => `-${a}`,
  // Not `x < 0 ? 0 : x`: compilers of shaders make that a maximum, which drops NaN.
  relu: ({ choose, maximum }, a) =>
    maximum ? maximum(a, '0.0') : choose(`${a} > 0.0 || ${a} != ${a}`, a, '0.0'),
  exp: call('exp'),
  expm1: ({ call, choose, literal }, a) => {
    const near = expm1NearZero.map(literal).reduceRight((rest, c) => `(${c} + ${a} * ${rest})`);
    return choose(`${call('abs', a)} < ${literal(expm1Limit)}`, `${a} * ${near}`, `${call('exp', a)} - 1.0`);
  },
  log: call('log'),
  sqrt: call('sqrt'),
  sin: call('sin'),
  cos: call('cos'),
  abs: call('abs'),
  sign: ({ choose }, a) => choose(`${a} > 0.0`, '1.0', `(${choose(`${a} < 0.0`, '-1.0', a)})`),
  floor: call('floor'),
  ifPositive: ({ choose }, a, b, c) => choose(`${a} > 0.0`, b, c),
  surrogate: (_, a) => a,
  select: ({ choose }, truth, b, c) => choose(`${truth} != 0.0`, b, c),
};

/**
 * The expression of a real that is computed, not read.
 *
 * @param operand the expression of an argument: of a real, or of the truth of a word, 1 or 0, first in a `select`
 */
export function realExpression(
  { op, args }: Node,
  language: Language,
  operand: (place: number) => string,
): string {
  const [a, b, c] = args.map((_, place) => operand(place)) as [string, string, string];
  return expressions[op as keyof typeof expressions](language, a, b, c);
}
