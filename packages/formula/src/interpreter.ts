import { ArgumentError } from '@funhash/hashing';
import type { Node } from './graph.ts';
import { type FloatArray, immediateLoops, realLoops, unaryLoops, wordLoops } from './loops.ts';
import type { Extent, Program } from './program.ts';

export type { FloatArray } from './loops.ts';

/** A rectangle of entries and everything its evaluation reads. */
export interface Panel {
  readonly rows: number;
  readonly cols: number;
  /** The first row's number, or each row's number. */
  readonly firstRow: number | Int32Array;
  readonly firstCol: number;
  readonly uniforms: readonly number[];
  readonly scalars: readonly number[];
  readonly stored: readonly FloatArray[];
  /** Per-entry operands, [rows, cols] row by row. */
  readonly inputs: readonly FloatArray[];
  /** The arrays that sinks add to, by slot; needed only by a program with sinks. */
  readonly sinks?: readonly FloatArray[];
}

type Register = Int32Array | FloatArray;
type Step = (panel: Panel) => void;

const sizeOf = (extent: Extent, panel: Panel): number =>
  (extent & 1 ? panel.rows : 1) * (extent & 2 ? panel.cols : 1);

/**
 * The meaning of a program: node by node, a plain loop each, over a panel of entries. Every value is rounded to the
 * precision `dtype` after each operation, as SIMD code would. What varies only with the row or the column is
 * computed once per row or column of the panel.
 */
export class Interpreter {
  readonly capacity: number;
  readonly #steps: Step[] = [];
  readonly #outputs: Register[] = [];

  /** @param capacity most entries of a panel */
  constructor(program: Program, dtype: 'f32' | 'f64', capacity: number) {
    this.capacity = capacity;
    new Plan(program, dtype, capacity).fill(this.#steps, this.#outputs);
  }

  /** Evaluates the program over `panel` and applies its sinks. Outputs are [rows, cols], valid until the next run. */
  run(panel: Panel): readonly FloatArray[] {
    if (panel.rows * panel.cols > this.capacity)
      throw new ArgumentError({
        operation: 'Interpreter.run',
        expected: `at most ${this.capacity} entries`,
        actual: `${panel.rows} × ${panel.cols}`,
      });
    for (const step of this.#steps) step(panel);
    return this.#outputs as FloatArray[];
  }
}

/** Chooses registers for the values of a program and orders the steps; registers are reused after a value's last use. */
class Plan {
  readonly #program: Program;
  readonly #make: { word: () => Int32Array; real: () => FloatArray };
  readonly #free: { word: Register[]; real: Register[] } = { word: [], real: [] };
  readonly #held = new Map<string, Register>();
  readonly #usesLeft = new Map<number, number>();

  constructor(program: Program, dtype: 'f32' | 'f64', capacity: number) {
    this.#program = program;
    this.#make = {
      word: () => new Int32Array(capacity),
      real: () => (dtype === 'f32' ? new Float32Array(capacity) : new Float64Array(capacity)),
    };
    const use = (id: number): void => {
      this.#usesLeft.set(id, (this.#usesLeft.get(id) ?? 0) + 1);
    };
    for (const id of program.nodes.flatMap(({ args }) => args)) use(id);
    for (const id of program.sinks.flatMap(({ index, value }) => [index, value])) use(id);
    for (const id of program.outputs) use(id);
  }

  fill(steps: Step[], outputs: Register[]): void {
    const { nodes, sinks } = this.#program;
    for (const node of nodes) {
      const extent = this.#program.extentOf(node.id);
      const args = node.args.map((id) => this.#expanded(id, extent, steps));
      const out = this.#take(node.type);
      this.#held.set(`${node.id}:${extent}`, out);
      steps.push(stepOf(node, extent, out, args));
      for (const id of node.args) this.#used(id);
      for (const sink of sinks) if (Math.max(sink.index, sink.value) === node.id) this.#sink(sink, steps);
    }
    for (const id of this.#program.outputs) outputs.push(this.#expanded(id, 3, steps));
  }

  #sink({ slot, index, value }: { slot: number; index: number; value: number }, steps: Step[]): void {
    const indexExtent = this.#program.extentOf(index);
    const indices = this.#expanded(index, indexExtent === 0 ? 0 : 3, steps) as Int32Array;
    const values = this.#expanded(value, 3, steps) as FloatArray;
    steps.push((panel) => {
      const target = panel.sinks?.[slot] as FloatArray;
      const count = panel.rows * panel.cols;
      if (indexExtent === 0) addSum(target, (indices[0] as number) >>> 0, values, count);
      else scatterAdd(target, indices, values, count);
    });
    this.#used(index);
    this.#used(value);
  }

  // The value of node `id` spread to a larger extent; spread once however often it is used.
  #expanded(id: number, extent: Extent, steps: Step[]): Register {
    const own = this.#program.extentOf(id);
    const known = this.#held.get(`${id}:${extent}`);
    if (known) return known;
    const source = this.#held.get(`${id}:${own}`) as Register;
    const out = this.#take(this.#program.graph.at(id).type);
    this.#held.set(`${id}:${extent}`, out);
    steps.push(spread(own, extent, source, out));
    return out;
  }

  #take(type: 'word' | 'real'): Register {
    return this.#free[type].pop() ?? this.#make[type]();
  }

  #used(id: number): void {
    const left = (this.#usesLeft.get(id) as number) - 1;
    this.#usesLeft.set(id, left);
    if (left > 0) return;
    const { type } = this.#program.graph.at(id);
    for (const extent of [0, 1, 2, 3]) {
      const register = this.#held.get(`${id}:${extent}`);
      if (register) this.#free[type].push(register);
      this.#held.delete(`${id}:${extent}`);
    }
  }
}

function spread(from: Extent, to: Extent, source: Register, out: Register): Step {
  if (from === 0) return (panel) => void out.fill(source[0] as number, 0, sizeOf(to, panel));
  if (from === 1)
    return ({ rows, cols }) => {
      for (let r = 0; r < rows; r++) out.fill(source[r] as number, r * cols, (r + 1) * cols);
    };
  return ({ rows, cols }) => {
    out.set(source.subarray(0, cols), 0);
    for (let r = 1; r < rows; r++) out.copyWithin(r * cols, 0, cols);
  };
}

function stepOf(node: Node, extent: Extent, out: Register, args: readonly Register[]): Step {
  const { op, value } = node;
  const word = out as Int32Array;
  const real = out as FloatArray;
  const [a, b, c] = args as [Register, Register, Register];
  switch (op) {
    case 'row':
      return ({ rows, firstRow }) => count(word, rows, firstRow);
    case 'col':
      return ({ cols, firstCol }) => count(word, cols, firstCol);
    case 'word':
    case 'real':
      return () => void out.fill(value, 0, 1);
    case 'uniform':
      return (panel) => void out.fill(operand(panel.uniforms, value, op), 0, 1);
    case 'scalar':
      return (panel) => void out.fill(operand(panel.scalars, value, op), 0, 1);
    case 'input':
      return (panel) => real.set(operand(panel.inputs, value, op).subarray(0, panel.rows * panel.cols));
    case 'at':
      return (panel) =>
        gather(real, operand(panel.stored, value, op), a as Int32Array, sizeOf(extent, panel));
    case 'asSign':
      return (panel) => {
        const n = sizeOf(extent, panel);
        for (let i = 0; i < n; i++) real[i] = 1 - 2 * ((a[i] as number) & 1);
      };
    case 'asReal':
      return (panel) => {
        const n = sizeOf(extent, panel);
        for (let i = 0; i < n; i++) real[i] = (a[i] as number) >>> 0;
      };
    case 'select':
      return (panel) => {
        const n = sizeOf(extent, panel);
        for (let i = 0; i < n; i++) real[i] = (a[i] !== 0 ? b[i] : c[i]) as number;
      };
    case 'surrogate':
      return (panel) => real.set((a as FloatArray).subarray(0, sizeOf(extent, panel)));
    case 'ifPositive':
      return (panel) => {
        const n = sizeOf(extent, panel);
        for (let i = 0; i < n; i++) real[i] = ((a[i] as number) > 0 ? b[i] : c[i]) as number;
      };
  }
  const words = wordLoops[op as keyof typeof wordLoops];
  if (words) return (panel) => words(word, a as Int32Array, b as Int32Array, sizeOf(extent, panel));
  const immediate = immediateLoops[op as keyof typeof immediateLoops];
  if (immediate) return (panel) => immediate(word, a as Int32Array, value, sizeOf(extent, panel));
  const reals = realLoops[op as keyof typeof realLoops];
  if (reals) return (panel) => reals(real, a as FloatArray, b as FloatArray, sizeOf(extent, panel));
  const unary = unaryLoops[op as keyof typeof unaryLoops];
  if (unary) return (panel) => unary(real, a as FloatArray, sizeOf(extent, panel));
  throw new ArgumentError({ operation: 'Interpreter', expected: 'a known operation', actual: op });
}

function operand<T>(operands: readonly T[], slot: number, op: string): T {
  const found = operands[slot];
  if (found === undefined)
    throw new ArgumentError({
      operation: `Interpreter ${op}`,
      expected: `more than ${slot} operands`,
      actual: String(operands.length),
    });
  return found;
}

function count(out: Int32Array, n: number, first: number | Int32Array): void {
  if (typeof first !== 'number') return void out.set(first.subarray(0, n));
  for (let i = 0; i < n; i++) out[i] = (first + i) | 0;
}

function outside(slot: FloatArray, index: number): ArgumentError {
  return new ArgumentError({
    operation: 'weight formula',
    expected: `an index below ${slot.length}, the length of the stored array`,
    actual: String(index),
    remedy: 'The scheme reads outside of what it stores.',
  });
}

function gather(out: FloatArray, stored: FloatArray, indices: Int32Array, n: number): void {
  const length = stored.length;
  for (let i = 0; i < n; i++) {
    const index = (indices[i] as number) >>> 0;
    if (index >= length) throw outside(stored, index);
    out[i] = stored[index] as number;
  }
}

function scatterAdd(target: FloatArray, indices: Int32Array, values: FloatArray, n: number): void {
  const length = target.length;
  for (let i = 0; i < n; i++) {
    const index = (indices[i] as number) >>> 0;
    if (index >= length) throw outside(target, index);
    target[index] = (target[index] as number) + (values[i] as number);
  }
}

// A sum over the whole panel is formed in double precision: one f32 accumulator over a panel would lose digits.
function addSum(target: FloatArray, index: number, values: FloatArray, n: number): void {
  if (index >= target.length) throw outside(target, index);
  let sum = 0;
  for (let i = 0; i < n; i++) sum += values[i] as number;
  target[index] = (target[index] as number) + sum;
}
