import type { Program } from '@funhash/formula';
import { type Kernels, sizeOf, type View } from '@funhash/tensor';
import { elementwiseModule, type Reading, strip } from '../compiler/elementwise.ts';
import type { Context } from '../context.ts';
import { addressOf, contiguousAt, eachOffset, isContiguousView } from '../layout.ts';
import type { Linked } from '../threads/thread.ts';
import { copyWords } from './copy.ts';
import { OperandBlock } from './operand-block.ts';

/**
 * Elementwise programs: each structure of program and way of reading is compiled once. Operands that step through
 * memory in other ways than element by element or not at all, along the last axis, are copied first.
 */
export function mapKernel(context: Context): Kernels['map'] {
  const compiled = new CompiledPrograms(context);
  const map: Kernels['map'] = (program, inputs, scalars, outs) => {
    const [first] = outs;
    if (!first) return;
    if (first.dtype !== 'f32') return context.onReference('map', program, inputs, scalars, outs);
    const { shape } = first;
    const size = sizeOf(shape);
    if (size === 0) return;
    if (inputs.every(isContiguousView)) return compiled.run(program, inputs, scalars, outs, flat(size));
    const cols = lastLoop(shape, inputs, shape.length);
    const odd = inputs.findIndex(({ strides }) => !((strides[cols.axis] as number) <= 1));
    if (odd < 0) return compiled.run(program, inputs, scalars, outs, cols);
    context.memory.withBlock(size * 4, (address) => {
      const copy = contiguousAt(address, 'f32', shape);
      copyWords(context.code.copy, inputs[odd] as View, copy);
      map(program, inputs.with(odd, copy), scalars, outs);
    });
  };
  return map;
}

/** A loop over several axes, through which every operand steps as through one. */
interface Loop {
  readonly extent: number;
  /** The innermost of its axes: operands step by their strides along it. */
  readonly axis: number;
  /** How many axes lie outside of it. */
  readonly outside: number;
}

/** Over operands that are all contiguous. */
const flat = (size: number): Loop => ({ extent: size, axis: -1, outside: 0 });

/** The innermost loop over the first `rank` axes; outs are contiguous and step through any axes as through one. */
function lastLoop(shape: readonly number[], inputs: readonly View[], rank: number): Loop {
  let axis = rank - 1;
  while (axis >= 0 && shape[axis] === 1) axis--;
  if (axis < 0) return { extent: 1, axis, outside: 0 };
  let extent = shape[axis] as number;
  let inner = axis;
  let outside = axis;
  while (outside > 0) {
    const next = outside - 1;
    if (shape[next] !== 1) {
      const step = shape[inner] as number;
      if (!inputs.every(({ strides }) => strides[next] === (strides[inner] as number) * step)) break;
      extent *= shape[next] as number;
      inner = next;
    }
    outside = next;
  }
  return { extent, axis, outside };
}

/** run(rows, cols, block) */
type Run = Linked<'run'>;

/** About what a node takes for one element. */
const nodeNs = 0.05;

/** A program compiled for inputs that are read in one way each: a letter, e(ach) or s(ame). */
interface Variant {
  readonly readings: string;
  readonly run: Run;
}

class CompiledPrograms {
  readonly #context: Context;
  readonly #byProgram = new WeakMap<Program, Variant[]>();
  readonly #byStructure = new Map<string, Run>();
  readonly #blocks: OperandBlock;

  constructor(context: Context) {
    this.#context = context;
    this.#blocks = new OperandBlock(context.memory);
  }

  /** Evaluates a program whose inputs step by 0 or 1 element through the innermost loop. */
  run(
    program: Program,
    inputs: readonly View[],
    scalars: readonly number[],
    outs: readonly View[],
    cols: Loop,
  ): void {
    const run = this.#find(program, inputs, cols.axis);
    const block = this.#blocks.reserve((inputs.length + outs.length) * 8 + scalars.length * 4);
    const { shape } = outs[0] as View;
    const rows = lastLoop(shape, inputs, cols.outside);
    const { i32, f32 } = this.#context.memory;
    let at = writeOperands(i32, block / 4, inputs, rows.axis);
    at = writeOperands(i32, at, outs, rows.axis);
    for (const scalar of scalars) f32[at++] = scalar;
    const { threads } = this.#context;
    const split = rows.extent > 1 ? rows.extent : cols.extent / strip;
    const parts = threads.partsOf(rows.extent * cols.extent * program.nodes.length * nodeNs, split);
    if (rows.outside > 0)
      this.#runEach([...inputs, ...outs], shape.slice(0, rows.outside), block, () =>
        run.here.run(rows.extent, cols.extent, block),
      );
    else if (parts === 1) run.here.run(rows.extent, cols.extent, block);
    else this.#runParts(parts, run, [...inputs, ...outs], block, at * 4 - block, rows, cols);
  }

  // Splits the rows, or where there is one the columns.
  #runParts(
    parts: number,
    linked: Run,
    operands: readonly View[],
    block: number,
    bytes: number,
    rows: Loop,
    cols: Loop,
  ): void {
    const { threads, memory } = this.#context;
    const byRows = rows.extent > 1;
    const [extent, grain] = byRows ? [rows.extent, 1] : [cols.extent, strip];
    threads.split(parts, extent, grain, (thread, from, count) => {
      const own = thread.operands(bytes);
      const { i32 } = memory;
      i32.copyWithin(own / 4, block / 4, (block + bytes) / 4);
      operands.forEach((view, k) => {
        const step = byRows ? (i32[own / 4 + 2 * k + 1] as number) : stepBytes(view, cols.axis);
        i32[own / 4 + 2 * k] = addressOf(view) + from * step;
      });
      const { run } = thread.functions(linked);
      if (byRows) run(count, cols.extent, own);
      else run(1, count, own);
    });
  }

  // Moves the addresses in the block over the outermost axes.
  #runEach(operands: readonly View[], extents: readonly number[], block: number, run: () => void): void {
    const addresses = operands.map(addressOf);
    const strides = operands.map((view) => view.strides);
    const { i32 } = this.#context.memory;
    eachOffset({ extents, strides }, extents.length, (offsets) => {
      for (let k = 0; k < addresses.length; k++)
        i32[block / 4 + 2 * k] = (addresses[k] as number) + (offsets[k] as number) * 4;
      run();
    });
  }

  #find(program: Program, inputs: readonly View[], axis: number): Run {
    let variants = this.#byProgram.get(program);
    if (!variants) {
      variants = [];
      this.#byProgram.set(program, variants);
    }
    for (const { readings, run } of variants) if (isReadAs(readings, inputs, axis)) return run;
    const readings = inputs.map((view) => letterOf(view, axis)).join('');
    const run = this.#compile(program, readings);
    variants.push({ readings, run });
    return run;
  }

  #compile(program: Program, readings: string): Run {
    const key = `${readings}|${program.key}`;
    const known = this.#byStructure.get(key);
    if (known) return known;
    const { threads, instructions } = this.#context;
    const list = Array.from(readings, (letter): Reading => (letter === 'e' ? 'each' : 'same'));
    const run = threads.link<'run'>(elementwiseModule(program, list, instructions));
    this.#byStructure.set(key, run);
    return run;
  }
}

/** Writes the address of each view and its step along an axis, in bytes, and returns where the next words go. */
function writeOperands(words: Int32Array, start: number, views: readonly View[], axis: number): number {
  let at = start;
  for (const view of views) {
    words[at++] = addressOf(view);
    words[at++] = axis < 0 ? 0 : (view.strides[axis] as number) * 4;
  }
  return at;
}

// Of contiguous operands there is no axis.
function stepBytes({ strides }: View, axis: number): number {
  return axis < 0 ? 4 : (strides[axis] as number) * 4;
}

function isReadAs(readings: string, inputs: readonly View[], axis: number): boolean {
  for (let k = 0; k < inputs.length; k++) if (readings[k] !== letterOf(inputs[k] as View, axis)) return false;
  return true;
}

function letterOf({ strides }: View, axis: number): 'e' | 's' {
  return axis < 0 || strides[axis] === 1 ? 'e' : 's';
}
