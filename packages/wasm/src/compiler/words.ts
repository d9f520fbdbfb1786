import type { Node } from '@funhash/formula';
import type { Code, Local } from '../assembler/code.ts';
import type { PlainOp } from '../assembler/opcodes.ts';
import { constantOf, stripLanes } from './dependence.ts';
import type { Lowering } from './lowering.ts';
import type { Vector } from './vector.ts';

/** Words as SIMD code: exactly the arithmetic of `wordMeaning` in @funhash/formula. */

/** The value of a word at lane 0. */
export function word(lowering: Lowering, id: number, step: number): Local {
  return lowering.once('w', id, step, 0, ({ made, code }) => {
    const args = lowering.node(id).args.map((arg) => () => void code.get(word(lowering, arg, step)));
    pushWord(lowering, lowering.node(id), step, code, args);
    const local = made.local('i32');
    code.set(local);
    return local;
  });
}

const scalarOps: Partial<Record<Node['op'], PlainOp>> = {
  add: 'i32.add',
  mul: 'i32.mul',
  xor: 'i32.xor',
  and: 'i32.and',
  or: 'i32.or',
  equal: 'i32.eq',
  less: 'i32.lt_u',
};

const immediateOps: Partial<Record<Node['op'], PlainOp>> = {
  shl: 'i32.shl',
  shr: 'i32.shr_u',
  rotl: 'i32.rotl',
  group: 'i32.div_u',
  lane: 'i32.rem_u',
};

function pushWord(
  lowering: Lowering,
  { op, value, args }: Node,
  step: number,
  code: Code,
  push: readonly (() => void)[],
): void {
  // Arguments are demanded before anything is pushed: demanding may write code of its own to the same site.
  for (const arg of args) word(lowering, arg, step);
  const [a, b] = push as [() => void, () => void];
  const plain = scalarOps[op];
  const immediate = immediateOps[op];
  if (plain) {
    a();
    b();
    code.op(plain);
  } else if (immediate) {
    a();
    code.i32(value).op(immediate);
  } else if (op === 'row' || op === 'col') lowering.surroundings.pushCoordinate(op, step, code);
  else if (op === 'word') code.i32(value);
  else if (op === 'uniform') lowering.surroundings.pushUniform(value, code);
  else if (op === 'below') {
    a();
    code.op('i64.extend_i32_u');
    b();
    code.op('i64.extend_i32_u').op('i64.mul').i64(32).op('i64.shr_u').op('i32.wrap_i64');
  } else {
    // div and rem: a divisor 0 would trap, so 1 is taken in its place; then rem is 0 already.
    a();
    b();
    b();
    code
      .op('i32.eqz')
      .op('i32.or')
      .op(op === 'div' ? 'i32.div_u' : 'i32.rem_u');
    if (op !== 'div') return;
    code.i32(0);
    b();
    code.op('select');
  }
}

/** The values of a word in the four lanes of a half. */
export function words(lowering: Lowering, id: number, step: number, half: number): Local {
  const constant = constantOf(lowering.program.graph, id);
  if (!lowering.varies(id))
    return lowering.once('s', id, step, 0, (v) =>
      constant === undefined ? v.splat(word(lowering, id, step)) : v.word(constant),
    );
  return lowering.once('v', id, step, half, (v) => vectorOf(lowering, lowering.node(id), step, half, v));
}

const vectorOps: Partial<Record<Node['op'], PlainOp>> = {
  add: 'i32x4.add',
  mul: 'i32x4.mul',
  xor: 'v128.xor',
  and: 'v128.and',
  or: 'v128.or',
};

function vectorOf(lowering: Lowering, node: Node, step: number, half: number, v: Vector): Local {
  const { op, value, args, id } = node;
  const operand = (k: number): Local => words(lowering, args[k] as number, step, half);
  const plain = vectorOps[op];
  if (plain) return v.op(plain, operand(0), operand(1));
  switch (op) {
    case 'row':
    case 'col':
      return lowering.surroundings.coordinates(half);
    case 'shl':
      return v.shift('i32x4.shl', operand(0), value);
    case 'shr':
      return v.shift('i32x4.shr_u', operand(0), value);
    case 'rotl': {
      const x = operand(0);
      return v.op('v128.or', v.shift('i32x4.shl', x, value), v.shift('i32x4.shr_u', x, 32 - value));
    }
    case 'below':
      return below(lowering, node, step, half, v);
    case 'equal':
    case 'less':
      return v.shift('i32x4.shr_u', mask(lowering, id, step, half), 31);
    case 'group':
      return quotient(v, operand(0), value);
    case 'lane':
      return lane(lowering, node, step, half, v) ?? remainder(v, operand(0), value);
    default: {
      const divisor = constantOf(lowering.program.graph, args[1] as number);
      const divide = op === 'div' ? quotient : remainder;
      if (divisor !== undefined) return divisor === 0 ? v.word(0) : divide(v, operand(0), divisor);
      const q = divideVectors(v, operand(0), operand(1));
      if (op === 'div') return q;
      const rest = v.op('i32x4.sub', operand(0), v.op('i32x4.mul', q, operand(1)));
      return v.op('v128.and', rest, v.op('i32x4.ne', operand(1), v.word(0)));
    }
  }
}

/** All bits set in the lanes where a word is not 0. */
export function mask(lowering: Lowering, id: number, step: number, half: number): Local {
  const { op, args } = lowering.node(id);
  const varies = lowering.varies(id);
  return lowering.once('m', id, step, varies ? half : 0, (v) => {
    const operand = (k: number): Local => words(lowering, args[k] as number, step, half);
    if (varies && op === 'equal') return v.op('i32x4.eq', operand(0), operand(1));
    if (varies && op === 'less') return v.op('i32x4.lt_u', operand(0), operand(1));
    return v.op('i32x4.ne', words(lowering, id, step, half), v.word(0));
  });
}

/** Bit 31 of each lane is bit 0 of the word: a value takes the word's sign by exclusive or. */
export function signBits(lowering: Lowering, id: number, step: number, half: number): Local {
  return lowering.once('b', id, step, lowering.varies(id) ? half : 0, (v) =>
    v.shift('i32x4.shl', words(lowering, id, step, half), 31),
  );
}

// floor(h·n / 2^32): the odd words of the 64-bit products, or a shift for a power of two.
function below(lowering: Lowering, { args }: Node, step: number, half: number, v: Vector): Local {
  const limit = constantOf(lowering.program.graph, args[1] as number);
  const h = words(lowering, args[0] as number, step, half);
  if (limit === 0 || limit === 1) return v.word(0);
  if (limit !== undefined && Number.isInteger(Math.log2(limit)))
    return v.shift('i32x4.shr_u', h, 32 - Math.log2(limit));
  return highWords(v, h, words(lowering, args[1] as number, step, half));
}

function highWords(v: Vector, a: Local, b: Local): Local {
  const low = v.op('i64x2.extmul_low_i32x4_u', a, b);
  const high = v.op('i64x2.extmul_high_i32x4_u', a, b);
  return v.shuffle(low, high, 1, 3, 5, 7);
}

// Exact division by a constant by a multiplication (Granlund and Montgomery 1994, figure 4.1).
function quotient(v: Vector, x: Local, divisor: number): Local {
  const bits = Math.ceil(Math.log2(divisor));
  if (2 ** bits === divisor) return v.shift('i32x4.shr_u', x, bits);
  const factor = Math.floor((2 ** 32 * (2 ** bits - divisor)) / divisor) + 1;
  const high = highWords(v, x, v.word(factor));
  const rest = v.shift('i32x4.shr_u', v.op('i32x4.sub', x, high), 1);
  return v.shift('i32x4.shr_u', v.op('i32x4.add', rest, high), bits - 1);
}

function remainder(v: Vector, x: Local, divisor: number): Local {
  if (Number.isInteger(Math.log2(divisor))) return v.op('v128.and', x, v.word(divisor - 1));
  return v.op('i32x4.sub', x, v.op('i32x4.mul', quotient(v, x, divisor), v.word(divisor)));
}

// Quotients of 32-bit words are exact in double precision; a division by 0 gives 0.
function divideVectors(v: Vector, a: Local, b: Local): Local {
  const pair = (x: Local, y: Local): Local => {
    const wide = (word: Local): Local => v.op('f64x2.convert_low_i32x4_u', word);
    return v.op('i32x4.trunc_sat_f64x2_u_zero', v.op('f64x2.div', wide(x), wide(y)));
  };
  const upper = (x: Local): Local => v.shuffle(x, x, 2, 3, 0, 1);
  const q = v.shuffle(pair(a, b), pair(upper(a), upper(b)), 0, 1, 4, 5);
  return v.op('v128.and', q, v.op('i32x4.ne', b, v.word(0)));
}

// The place of a coordinate within a block that no strip crosses: its place at lane 0, and then counting.
function lane(lowering: Lowering, node: Node, step: number, half: number, v: Vector): Local | undefined {
  const coordinate = node.args[0] as number;
  const { op } = lowering.node(coordinate);
  if ((op !== 'row' && op !== 'col') || node.value % stripLanes !== 0) return undefined;
  const offset = v.op(
    'i32x4.sub',
    words(lowering, coordinate, step, half),
    v.splat(word(lowering, coordinate, step)),
  );
  return v.op('i32x4.add', offset, v.splat(word(lowering, node.id, step)));
}
