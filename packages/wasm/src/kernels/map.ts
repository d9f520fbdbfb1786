import type { Program } from '@funhash/formula';
import { type Kernels, sizeOf, type View } from '@funhash/tensor';
import { elementwiseModule, type Reading } from '../compiler/elementwise.ts';
import type { Context } from '../context.ts';
import { addressOf, coalesce, contiguousAt, eachOffset, isContiguousView, type Loops } from '../layout.ts';
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
    const operands = [...inputs, ...outs];
    if (inputs.every(isContiguousView))
      return compiled.runFlat(program, operands, inputs.length, scalars, size);
    const loops = coalesce(
      shape,
      operands.map((view) => view.strides),
    );
    const odd = inputs.findIndex((_, slot) => !isPlain(loops, slot));
    if (odd < 0) return compiled.run(program, operands, inputs.length, scalars, loops);
    const view = inputs[odd] as View;
    context.memory.withBlock(size * 4, (address) => {
      const copy = contiguousAt(address, 'f32', shape);
      copyWords(context.code.copy, view, copy);
      map(program, inputs.with(odd, copy), scalars, outs);
    });
  };
  return map;
}

const isPlain = ({ strides }: Loops, slot: number): boolean => {
  const last = strides[slot]?.at(-1) ?? 0;
  return last === 0 || last === 1;
};

type Run = (rows: number, cols: number, block: number) => void;

class CompiledPrograms {
  readonly #context: Context;
  readonly #byProgram = new WeakMap<Program, Map<string, Run>>();
  readonly #byStructure = new Map<string, Run>();
  readonly #blocks: OperandBlock;

  constructor(context: Context) {
    this.#context = context;
    this.#blocks = new OperandBlock(context.memory);
  }

  /** Over operands that are all contiguous; the first `inputs` are inputs. */
  runFlat(
    program: Program,
    operands: readonly View[],
    inputs: number,
    scalars: readonly number[],
    size: number,
  ): void {
    const run = this.#find(program, 'e'.repeat(inputs));
    const block = this.#writeScalars(operands.length, scalars);
    const { i32 } = this.#context.memory;
    for (let k = 0; k < operands.length; k++) i32[block / 4 + 2 * k] = addressOf(operands[k] as View);
    run(1, size, block);
  }

  run(
    program: Program,
    operands: readonly View[],
    inputs: number,
    scalars: readonly number[],
    { extents, strides }: Loops,
  ): void {
    const rank = extents.length;
    let readings = '';
    for (let slot = 0; slot < inputs; slot++) readings += (strides[slot]?.[rank - 1] ?? 1) === 1 ? 'e' : 's';
    const run = this.#find(program, readings);
    const addresses = operands.map(addressOf);
    const [rows, cols] = [extents[rank - 2] ?? 1, extents[rank - 1] ?? 1];
    const block = this.#writeScalars(operands.length, scalars);
    const { i32 } = this.#context.memory;
    eachOffset({ extents, strides }, Math.max(0, rank - 2), (offsets) => {
      for (let k = 0; k < operands.length; k++) {
        const at = block / 4 + 2 * k;
        i32[at] = (addresses[k] as number) + (offsets[k] as number) * 4;
        i32[at + 1] = (strides[k]?.[rank - 2] ?? 0) * 4;
      }
      run(rows, cols, block);
    });
  }

  // The address of the operand block, with its scalars written.
  #writeScalars(operands: number, scalars: readonly number[]): number {
    const block = this.#blocks.reserve(operands * 8 + scalars.length * 4);
    const { f32 } = this.#context.memory;
    for (let k = 0; k < scalars.length; k++) f32[block / 4 + operands * 2 + k] = scalars[k] as number;
    return block;
  }

  #find(program: Program, readings: string): Run {
    let runs = this.#byProgram.get(program);
    if (!runs) {
      runs = new Map();
      this.#byProgram.set(program, runs);
    }
    const known = runs.get(readings);
    if (known) return known;
    const key = `${readings}|${program.key}`;
    let run = this.#byStructure.get(key);
    if (!run) {
      const { memory, instructions } = this.#context;
      const list = Array.from(readings, (letter): Reading => (letter === 'e' ? 'each' : 'same'));
      run = elementwiseModule(program, list, instructions).instantiate<'run'>(memory.memory).run as Run;
      this.#byStructure.set(key, run);
    }
    runs.set(readings, run);
    return run;
  }
}
