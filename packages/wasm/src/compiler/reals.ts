import type { Node } from '@funhash/formula';
import { ArgumentError } from '@funhash/hashing';
import type { Local } from '../assembler/code.ts';
import type { PlainOp } from '../assembler/opcodes.ts';
import { cos, exp, expm1, fading, log, sin } from './functions.ts';
import { gather } from './gather.ts';
import type { Lowering } from './lowering.ts';
import type { Vector } from './vector.ts';
import { mask, signBits, words } from './words.ts';

/** Reals as SIMD code in f32: the arithmetic of `realMeaning` in @funhash/formula, each result rounded. */

/** The values of a real in the four lanes of a half. */
export function real(lowering: Lowering, id: number, step: number, half: number): Local {
  const node = lowering.node(id);
  const own = lowering.varies(id) ? half : 0;
  if (node.op === 'at') return gather(lowering, node, step, own);
  return lowering.once('r', id, step, own, (v) => realOf(lowering, node, step, own, v));
}

type VectorOp = (v: Vector, a: Local, b: Local) => Local;

const plain =
  (name: PlainOp): VectorOp =>
  (v, a, b) =>
    v.op(name, a, b);
const alone =
  (name: PlainOp): VectorOp =>
  (v, a) =>
    v.op(name, a);

const realOps: Partial<Record<Node['op'], VectorOp>> = {
  plus: plain('f32x4.add'),
  minus: plain('f32x4.sub'),
  over: plain('f32x4.div'),
  maximum: plain('f32x4.max'),
  minimum: plain('f32x4.min'),
  negate: alone('f32x4.neg'),
  sqrt: alone('f32x4.sqrt'),
  abs: alone('f32x4.abs'),
  floor: alone('f32x4.floor'),
  relu: (v, x) => v.op('f32x4.max', x, v.real(0)),
  exp,
  expm1,
  log,
  sin,
  cos,
  // ±1 takes the sign of x; zeros and NaN are their own sign.
  sign: (v, x) => {
    const one = v.op('v128.or', v.op('v128.and', x, v.word(0x80000000)), v.real(1));
    const ordered = v.op('f32x4.gt', v.op('f32x4.abs', x), v.real(0));
    return v.choose(ordered, one, x);
  },
};

function realOf(lowering: Lowering, node: Node, step: number, half: number, v: Vector): Local {
  const { op, value, args } = node;
  const operand = (k: number): Local => real(lowering, args[k] as number, step, half);
  const faded = op === 'exp' || op === 'expm1' ? fadedArgument(lowering, args[0] as number) : undefined;
  if (faded !== undefined) {
    const [ps, s] = fadingOf(lowering, faded, step, half);
    return v.add(ps, op === 'exp' ? s : v.sub(s, v.real(1)));
  }
  const bound = op === 'maximum' || op === 'minimum' ? lowering.node(args[1] as number) : undefined;
  if (bound?.op === 'real' && !Number.isNaN(bound.value))
    return op === 'maximum' ? v.atLeast(operand(0), bound.value) : v.atMost(operand(0), bound.value);
  const rule = realOps[op];
  if (rule) return rule(v, operand(0), args.length > 1 ? operand(1) : operand(0));
  switch (op) {
    case 'real':
      return v.real(value);
    case 'scalar': {
      lowering.surroundings.pushScalar(value, v.code);
      v.code.op('f32x4.splat');
      const local = v.made.local('v128');
      v.code.set(local);
      return local;
    }
    case 'input':
      return lowering.surroundings.input(value, step, half, v.code);
    case 'asSign':
      return v.op('v128.xor', v.real(1), signBits(lowering, args[0] as number, step, half));
    case 'asReal':
      return v.op('f32x4.convert_i32x4_u', words(lowering, args[0] as number, step, half));
    case 'times':
      return product(lowering, args as [number, number], step, half, v);
    case 'select':
      return v.choose(mask(lowering, args[0] as number, step, half), operand(1), operand(2));
    case 'surrogate':
      return operand(0);
    case 'ifPositive':
      return v.choose(v.op('f32x4.gt', operand(0), v.real(0)), operand(1), operand(2));
    default:
      throw new ArgumentError({ operation: 'wasm', expected: 'a known operation', actual: op });
  }
}

/** x where a node is −|x|. */
function fadedArgument(lowering: Lowering, id: number): number | undefined {
  const negated = lowering.node(id);
  if (negated.op !== 'negate') return undefined;
  const { op, args } = lowering.node(negated.args[0] as number);
  return op === 'abs' ? args[0] : undefined;
}

// Shared by e^−|x| and e^−|x| − 1, of which tanh and its derivative are made.
function fadingOf(lowering: Lowering, id: number, step: number, half: number): readonly [Local, Local] {
  let parts: readonly [Local, Local] | undefined;
  const part = (form: string, k: 0 | 1): Local =>
    lowering.once(form, id, step, half, (v) => {
      parts ??= fading(v, real(lowering, id, step, half));
      return parts[k];
    });
  return [part('fading', 0), part('power', 1)];
}

// A product by a sign is an exclusive or with its sign bit.
function product(lowering: Lowering, args: readonly [number, number], step: number, half: number, v: Vector) {
  const [a, b] = args;
  for (const [sign, factor] of [
    [b, a],
    [a, b],
  ] as const) {
    const { op, args: of } = lowering.node(sign);
    if (op === 'asSign')
      return v.op(
        'v128.xor',
        real(lowering, factor, step, half),
        signBits(lowering, of[0] as number, step, half),
      );
  }
  return v.mul(real(lowering, a, step, half), real(lowering, b, step, half));
}
