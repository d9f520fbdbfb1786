import type { Code, Local } from '../assembler/code.ts';
import type { FunctionBuilder } from '../assembler/module-builder.ts';
import type { PlainOp } from '../assembler/opcodes.ts';
import type { Instructions } from '../gemm/micro-kernel.ts';

/**
 * Vector arithmetic as expressions: each operation writes its instruction to `code` and names the result by a new
 * local. Locals are free: V8 turns them into values without a place of their own.
 */
export class Vector {
  readonly made: FunctionBuilder;
  readonly code: Code;
  readonly instructions: Instructions;
  readonly #constants: Constants;

  constructor(made: FunctionBuilder, code: Code, instructions: Instructions, constants: Constants) {
    this.made = made;
    this.code = code;
    this.instructions = instructions;
    this.#constants = constants;
  }

  /** The result of an instruction on vectors. */
  op(name: PlainOp, ...operands: readonly Local[]): Local {
    this.code.get(...operands).op(name);
    return this.#named();
  }

  /** Shifts every lane by a constant. */
  shift(name: 'i32x4.shl' | 'i32x4.shr_u' | 'i32x4.shr_s', operand: Local, bits: number): Local {
    if (bits === 0) return operand;
    this.code.get(operand).i32(bits).op(name);
    return this.#named();
  }

  shuffle(a: Local, b: Local, ...lanes: readonly [number, number, number, number]): Local {
    this.code.get(a, b).shuffle(...lanes);
    return this.#named();
  }

  splat(word: Local): Local {
    this.code.get(word).op('i32x4.splat');
    return this.#named();
  }

  real(value: number): Local {
    return this.#constants.vector(new Float32Array(4).fill(value));
  }

  double(value: number): Local {
    return this.#constants.vector(new Float64Array(2).fill(value));
  }

  word(value: number): Local {
    return this.#constants.vector(new Int32Array(4).fill(value));
  }

  /** The four words 0 + from, 1 + from, … */
  count(from: number): Local {
    return this.#constants.vector(Int32Array.of(from, from + 1, from + 2, from + 3));
  }

  add = (a: Local, b: Local): Local => this.op('f32x4.add', a, b);
  sub = (a: Local, b: Local): Local => this.op('f32x4.sub', a, b);
  mul = (a: Local, b: Local): Local => this.op('f32x4.mul', a, b);

  /** a·b + c, in one rounding where the engine can. */
  multiplyAdd(a: Local, b: Local, c: Local): Local {
    if (this.instructions.madd) return this.op('f32x4.relaxed_madd', a, b, c);
    return this.add(this.mul(a, b), c);
  }

  /** The larger of x and a number; NaN where x is. One machine instruction, where `f32x4.max` takes seven. */
  atLeast(x: Local, bound: number): Local {
    return this.op('f32x4.pmax', x, this.real(bound));
  }

  /** The smaller of x and a number; NaN where x is. */
  atMost(x: Local, bound: number): Local {
    return this.op('f32x4.pmin', x, this.real(bound));
  }

  /** Chooses a where `mask` is set, else b. */
  choose(mask: Local, a: Local, b: Local): Local {
    return this.op('v128.bitselect', a, b, mask);
  }

  /** Horner's rule: coefficients[0] + x·(coefficients[1] + …). */
  polynomial(x: Local, coefficients: readonly number[]): Local {
    const [last, ...rest] = [...coefficients].reverse() as [number, ...number[]];
    return rest.reduce<Local>((sum, c) => this.multiplyAdd(sum, x, this.real(c)), this.real(last));
  }

  /** The sum of the four lanes, as an f32 on the stack. */
  pushSum(vector: Local): void {
    const pairs = this.add(vector, this.shuffle(vector, vector, 2, 3, 0, 1));
    const total = this.add(pairs, this.shuffle(pairs, pairs, 1, 0, 3, 2));
    this.code.get(total).lane('f32x4.extract_lane', 0);
  }

  #named(): Local {
    const local = this.made.local('v128');
    this.code.set(local);
    return local;
  }
}

/** Vector constants, each set once at the head of a function: within a loop V8 would build them again and again. */
export class Constants {
  readonly #made: FunctionBuilder;
  readonly #head: Code;
  readonly #known = new Map<string, Local>();

  constructor(made: FunctionBuilder, head: Code) {
    this.#made = made;
    this.#head = head;
  }

  vector(lanes: Float32Array | Float64Array | Int32Array): Local {
    const key = new Int32Array(lanes.buffer, lanes.byteOffset, 4).join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const local = this.#made.local('v128');
    this.#head.v128(lanes).set(local);
    this.#known.set(key, local);
    return local;
  }
}
