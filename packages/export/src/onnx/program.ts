import { expanded, expm1Limit, expm1NearZero, type Node, type Program } from '@funhash/formula';
import { broadcastShapes } from '@funhash/tensor';
import { ExportError } from '../export-error.ts';
import type { Graph } from './graph.ts';
import type { ElementType, Value } from './parts.ts';

/** What a program reads. */
export interface Leaves {
  readonly row?: Value;
  readonly col?: Value;
  input?(slot: number): Value;
  /** A stored array, flat. */
  stored?(slot: number): Value;
}

/** Functions that ONNX has no operation for, which are written out. */
const unknown = new Set(['sech', 'log1p', 'gatedBy']);

/** Writes a program as nodes of a graph, each on all entries at once, and gives its outputs. */
export function programNodes(graph: Graph, given: Program, leaves: Leaves): readonly Value[] {
  const program = given.nodes.some(({ op }) => unknown.has(op)) ? expanded(given) : given;
  return new Writer(graph, program, leaves).outputs();
}

class Writer {
  readonly #graph: Graph;
  readonly #program: Program;
  readonly #leaves: Leaves;
  readonly #values = new Map<number, Value>();

  constructor(graph: Graph, program: Program, leaves: Leaves) {
    this.#graph = graph;
    this.#program = program;
    this.#leaves = leaves;
  }

  outputs(): readonly Value[] {
    return this.#program.outputs.map((id) => this.#value(id));
  }

  // Only what outputs come from is written: what stands behind `surrogate` for derivatives is not.
  #value(id: number): Value {
    const known = this.#values.get(id);
    if (known) return known;
    const made = this.#made(this.#program.graph.at(id));
    this.#values.set(id, made);
    return made;
  }

  #real(value: number): Value {
    return this.#graph.constant(Float32Array.of(value), []);
  }

  #word(value: number): Value {
    return this.#graph.constant(Uint32Array.of(value), []);
  }

  #op(name: string, type: ElementType, ...inputs: readonly Value[]): Value {
    const shape = broadcastShapes(name, ...inputs.map((input) => input.shape));
    return this.#graph.node(name, inputs, type, shape);
  }

  #shift(a: Value, by: Value, direction: 'LEFT' | 'RIGHT'): Value {
    return this.#graph.node('BitShift', [a, by], a.type, broadcastShapes('BitShift', a.shape, by.shape), {
      direction,
    });
  }

  #condition(name: string, a: Value, b: Value): Value {
    return this.#graph.cast(this.#op(name, 'bool', a, b), 'u32');
  }

  #operandsOf(op: 'maximum' | 'minimum', args: readonly number[]): readonly number[] {
    return args.flatMap((id) => {
      const inner = this.#program.graph.at(id);
      return inner.op === op && !this.#values.has(id) ? this.#operandsOf(op, inner.args) : [id];
    });
  }

  #made({ op, args, value }: Node): Value {
    const arg = (k: number): Value => this.#value(args[k] as number);
    const missing = (): never => {
      throw new ExportError({
        operation: 'toOnnx',
        expected: 'programs of operations that ONNX has, on values that are there',
        actual: op,
        remedy: 'Export as JavaScript, WebAssembly or C.',
      });
    };
    switch (op) {
      case 'row':
        return this.#leaves.row ?? missing();
      case 'col':
        return this.#leaves.col ?? missing();
      case 'word':
        return this.#word(value);
      case 'real':
        return this.#real(value);
      case 'input':
        return this.#leaves.input?.(value) ?? missing();
      case 'at': {
        const stored = this.#leaves.stored?.(value) ?? missing();
        const index = this.#graph.cast(arg(0), 'i32');
        return this.#graph.node('Gather', [stored, index], 'f32', index.shape);
      }
      case 'add':
        return this.#op('Add', 'u32', arg(0), arg(1));
      case 'mul':
        return this.#op('Mul', 'u32', arg(0), arg(1));
      case 'xor':
        return this.#op('BitwiseXor', 'u32', arg(0), arg(1));
      case 'and':
        return this.#op('BitwiseAnd', 'u32', arg(0), arg(1));
      case 'or':
        return this.#op('BitwiseOr', 'u32', arg(0), arg(1));
      case 'shl':
        return this.#shift(arg(0), this.#word(value), 'LEFT');
      case 'shr':
        return this.#shift(arg(0), this.#word(value), 'RIGHT');
      case 'rotl': {
        const [up, down] = [this.#word(value), this.#word((32 - value) & 31)];
        return this.#op(
          'BitwiseOr',
          'u32',
          this.#shift(arg(0), up, 'LEFT'),
          this.#shift(arg(0), down, 'RIGHT'),
        );
      }
      case 'below': {
        const product = this.#op(
          'Mul',
          'u64',
          this.#graph.cast(arg(0), 'u64'),
          this.#graph.cast(arg(1), 'u64'),
        );
        const half = this.#graph.constant(BigUint64Array.of(32n), []);
        return this.#graph.cast(this.#shift(product, half, 'RIGHT'), 'u32');
      }
      case 'group':
        return this.#op('Div', 'u32', arg(0), this.#word(value));
      case 'lane':
        return this.#op('Mod', 'u32', arg(0), this.#word(value));
      case 'div':
      case 'rem': {
        // A quotient by zero is 0 here: the divisor becomes 1, and the result is multiplied by 0.
        const isZero = this.#condition('Equal', arg(1), this.#word(0));
        const safe = this.#op('Add', 'u32', arg(1), isZero);
        const result = this.#op(op === 'div' ? 'Div' : 'Mod', 'u32', arg(0), safe);
        return this.#op('Mul', 'u32', result, this.#op('Sub', 'u32', this.#word(1), isZero));
      }
      case 'equal':
        return this.#condition('Equal', arg(0), arg(1));
      case 'less':
        return this.#condition('Less', arg(0), arg(1));
      case 'asSign': {
        const bit = this.#graph.cast(this.#op('BitwiseAnd', 'u32', arg(0), this.#word(1)), 'f32');
        return this.#op('Sub', 'f32', this.#real(1), this.#op('Mul', 'f32', bit, this.#real(2)));
      }
      case 'asReal':
        return this.#graph.cast(arg(0), 'f32');
      case 'select':
        return this.#op('Where', 'f32', this.#graph.cast(arg(0), 'bool'), arg(1), arg(2));
      case 'ifPositive':
        return this.#op('Where', 'f32', this.#op('Greater', 'bool', arg(0), this.#real(0)), arg(1), arg(2));
      case 'surrogate':
        return arg(0);
      case 'expm1': {
        const near = expm1NearZero
          .map((c) => this.#real(c))
          .reduceRight((rest, c) => this.#op('Add', 'f32', c, this.#op('Mul', 'f32', arg(0), rest)));
        const isNear = this.#op('Less', 'bool', this.#op('Abs', 'f32', arg(0)), this.#real(expm1Limit));
        const far = this.#op('Sub', 'f32', this.#op('Exp', 'f32', arg(0)), this.#real(1));
        return this.#op('Where', 'f32', isNear, this.#op('Mul', 'f32', arg(0), near), far);
      }
      case 'maximum':
      case 'minimum':
        // Of any number: what is a maximum of maxima is one node.
        return this.#op(
          op === 'maximum' ? 'Max' : 'Min',
          'f32',
          ...this.#operandsOf(op, args).map((id) => this.#value(id)),
        );
      default: {
        const name = plain[op as keyof typeof plain] ?? missing();
        return this.#op(name, 'f32', ...args.map((_, k) => arg(k)));
      }
    }
  }
}

/** Operations that are one of ONNX. */
const plain = {
  plus: 'Add',
  minus: 'Sub',
  times: 'Mul',
  over: 'Div',
  negate: 'Neg',
  tanh: 'Tanh',
  relu: 'Relu',
  exp: 'Exp',
  log: 'Log',
  sqrt: 'Sqrt',
  sin: 'Sin',
  cos: 'Cos',
  abs: 'Abs',
  sign: 'Sign',
  floor: 'Floor',
} as const;
