import { expanded, type Program } from '@funhash/formula';
import { type Kernels, sizeOf, type View } from '@funhash/tensor';
import { elementwiseModule, operandBytes, type Reading, strip } from '../compiler/elementwise.ts';
import type { Context } from '../context.ts';
import { addressOf, contiguousAt, eachOffset, isContiguousView } from '../layout.ts';
import { OperandBlock } from '../memory/operand-block.ts';
import type { Linked } from '../threads/thread.ts';
import { copyWords } from './copy.ts';

/**
 * Larger programs, such as the maximum of thousands of operands, run on the reference: as one function each value of them would
 * be a local variable, of which an engine takes 50 000, and compiling would go as deep as they do.
 */
const mostNodes = 2000;

/**
 * Elementwise programs: each structure of program and way of reading is compiled once. Operands that step through
 * memory in other ways than element by element or not at all, along the last axis, are copied first.
 */
export function mapKernel(context: Context): Kernels['map'] {
  const compiled = new CompiledPrograms(context);
  const map: Kernels['map'] = (program, inputs, scalars, outs) => {
    const [first] = outs;
    if (!first) return;
    if (first.dtype !== 'f32' || program.nodes.length > mostNodes)
      return context.onReference('map', [program, inputs, scalars, outs]);
    const { shape } = first;
    const size = sizeOf(shape);
    if (size === 0) return;
    if (inputs.every(isContiguousView)) return compiled.run(program, inputs, scalars, outs, flat(size));
    const cols = lastLoop(shape, inputs, shape.length);
    const isOdd = ({ strides }: View): boolean => strides[cols.axis] !== 0 && strides[cols.axis] !== 1;
    const odd = inputs.reduce((count, view) => count + (isOdd(view) ? 1 : 0), 0);
    if (odd === 0) return compiled.run(program, inputs, scalars, outs, cols);
    context.memory.withBlock(odd * size * 4, (address) => {
      let at = address;
      const whole = inputs.map((view) => {
        if (!isOdd(view)) return view;
        const copy = contiguousAt(at, 'f32', shape);
        at += size * 4;
        copyWords(context.code.copy, view, copy);
        return copy;
      });
      map(program, whole, scalars, outs);
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

/** Maps operands that are all contiguous. */
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

/** run(planes, rows, cols, block) */
type Run = Linked<'run'>;

/** About what a node, or an operand that has to be read or written, takes for one element. */
const nodeNs = 0.05;
const operandNs = 0.08;

/** Rows from and up to these lengths are short. */
const shortRows = { least: strip / 2, most: 64 } as const;

/** The block of the operands of a call, in which scalars begin `scalarBytes` behind its start. */
interface Operands {
  readonly block: number;
  readonly bytes: number;
  readonly scalarBytes: number;
  readonly scalars: readonly number[];
}

/** A program compiled for inputs that are read in one way each: a letter, e(ach) or s(ame). */
interface Variant {
  readonly readings: string;
  readonly narrow: boolean;
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
    const narrow = isShort(cols.extent) && !isInPlace(inputs, outs);
    const run = this.#find(program, inputs, cols.axis, narrow);
    const block = this.#blocks.reserve((inputs.length + outs.length) * operandBytes + scalars.length * 4);
    const { shape } = outs[0] as View;
    const rows = lastLoop(shape, inputs, cols.outside);
    const planes = lastLoop(shape, inputs, rows.outside);
    const { i32, f32 } = this.#context.memory;
    let at = writeOperands(i32, block / 4, inputs, rows.axis, planes.axis);
    at = writeOperands(i32, at, outs, rows.axis, planes.axis);
    const scalarBytes = at * 4 - block;
    this.#context.memory.trace?.live(scalars, at * 4, 'f32');
    for (const scalar of scalars) f32[at++] = scalar;
    const loops = [planes, rows, cols] as const;
    if (planes.outside > 0)
      this.#runEach([...inputs, ...outs], shape.slice(0, planes.outside), (write) => {
        const own = this.#ownBlock(block, at * 4 - block, scalarBytes, scalars);
        write(own);
        run.here.run(planes.extent, rows.extent, cols.extent, own);
      });
    else {
      const { threads } = this.#context;
      const split = planes.extent > 1 ? 0 : rows.extent > 1 ? 1 : 2;
      const { extent } = loops[split];
      const size = planes.extent * rows.extent * cols.extent;
      const most = split === 2 ? extent / strip : extent;
      const ofNodes = expanded(program).nodes.length * nodeNs;
      const ofOperands = (inputs.length + outs.length) * operandNs;
      const parts = threads.partsOf(size * Math.max(ofNodes, ofOperands), most);
      if (parts === 1) run.here.run(planes.extent, rows.extent, cols.extent, block);
      else
        this.#runParts(
          parts,
          run,
          [...inputs, ...outs],
          { block, bytes: at * 4 - block, scalarBytes, scalars },
          loops,
          split,
        );
    }
  }

  // Splits one of the loops over planes, rows and columns.
  #runParts(
    parts: number,
    linked: Run,
    operands: readonly View[],
    { block, bytes, scalarBytes, scalars }: Operands,
    loops: readonly [Loop, Loop, Loop],
    split: number,
  ): void {
    const { threads, memory } = this.#context;
    const { extent, axis } = loops[split] as Loop;
    threads.split(parts, extent, split === 2 ? strip : 1, (thread, from, count) => {
      const own = thread.operands(bytes);
      const { i32 } = memory;
      i32.copyWithin(own / 4, block / 4, (block + bytes) / 4);
      memory.trace?.live(scalars, own + scalarBytes, 'f32');
      operands.forEach((view, k) => {
        i32[(own + k * operandBytes) / 4] = addressOf(view) + from * stepBytes(view, axis);
      });
      const [planes, rows, cols] = loops.map((loop, k) => (k === split ? count : loop.extent));
      thread.functions(linked).run(planes as number, rows as number, cols as number, own);
    });
  }

  // Calls that are written down may not share a block that is written between them.
  #ownBlock(block: number, bytes: number, scalarBytes: number, scalars: readonly number[]): number {
    const { memory } = this.#context;
    if (!memory.trace) return block;
    const own = memory.trace.lasting(bytes);
    memory.i32.copyWithin(own / 4, block / 4, (block + bytes) / 4);
    memory.trace.live(scalars, own + scalarBytes, 'f32');
    return own;
  }

  // Moves the addresses in a block over the outermost axes.
  #runEach(
    operands: readonly View[],
    extents: readonly number[],
    run: (write: (block: number) => void) => void,
  ): void {
    const addresses = operands.map(addressOf);
    const strides = operands.map((view) => view.strides);
    eachOffset({ extents, strides }, extents.length, (offsets) => {
      run((block) => {
        const { i32 } = this.#context.memory;
        for (let k = 0; k < addresses.length; k++)
          i32[(block + k * operandBytes) / 4] = (addresses[k] as number) + (offsets[k] as number) * 4;
      });
    });
  }

  #find(program: Program, inputs: readonly View[], axis: number, narrow: boolean): Run {
    let variants = this.#byProgram.get(program);
    if (!variants) {
      variants = [];
      this.#byProgram.set(program, variants);
    }
    for (const variant of variants)
      if (variant.narrow === narrow && isReadAs(variant.readings, inputs, axis)) return variant.run;
    const readings = inputs.map((view) => letterOf(view, axis)).join('');
    const run = this.#compile(program, readings, narrow);
    variants.push({ readings, narrow, run });
    return run;
  }

  #compile(program: Program, readings: string, narrow: boolean): Run {
    const key = `${readings}${narrow ? ' narrow' : ''}|${program.key}`;
    const known = this.#byStructure.get(key);
    if (known) return known;
    const { threads, instructions } = this.#context;
    const list = Array.from(readings, (letter): Reading => (letter === 'e' ? 'each' : 'same'));
    const run = threads.link<'run'>(elementwiseModule(program, list, instructions, narrow));
    this.#byStructure.set(key, run);
    return run;
  }
}

/** Writes the address of each view and its steps along two axes, in bytes, and returns where the next words go. */
function writeOperands(
  words: Int32Array,
  start: number,
  views: readonly View[],
  rowAxis: number,
  planeAxis: number,
): number {
  let at = start;
  for (const view of views) {
    words[at++] = addressOf(view);
    words[at++] = rowAxis < 0 ? 0 : (view.strides[rowAxis] as number) * 4;
    words[at++] = planeAxis < 0 ? 0 : (view.strides[planeAxis] as number) * 4;
  }
  return at;
}

const isShort = (extent: number): boolean =>
  extent >= shortRows.least && extent <= shortRows.most && extent % strip !== 0;

function isInPlace(inputs: readonly View[], outs: readonly View[]): boolean {
  const addresses = outs.map(addressOf);
  return inputs.some((view) => addresses.includes(addressOf(view)));
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
