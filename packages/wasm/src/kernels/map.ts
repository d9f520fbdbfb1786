import type { Program } from '@funhash/formula';
import type { Kernels, View } from '@funhash/tensor';
import { elementwiseModule, type Reading } from '../compiler/elementwise.ts';
import type { Context } from '../context.ts';
import { addressOf, coalesce, contiguousAt, eachOffset, type Loops } from '../layout.ts';
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
    if (shape.includes(0)) return;
    const loops = coalesce(
      shape,
      [...inputs, ...outs].map((view) => view.strides),
    );
    const odd = inputs.findIndex((_, slot) => !isPlain(loops, slot));
    if (odd < 0) return compiled.run(program, inputs, scalars, outs, loops);
    const view = inputs[odd] as View;
    const size = shape.reduce((product, extent) => product * extent, 1);
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

  run(
    program: Program,
    inputs: readonly View[],
    scalars: readonly number[],
    outs: readonly View[],
    loops: Loops,
  ): void {
    const { extents, strides } = loops;
    const rank = extents.length;
    const lastOf = (slot: number): number => strides[slot]?.[rank - 1] ?? 1;
    let readings = '';
    for (let slot = 0; slot < inputs.length; slot++) readings += lastOf(slot) === 1 ? 'e' : 's';
    const run = this.#find(program, readings);
    const operands = [...inputs, ...outs];
    const addresses = operands.map(addressOf);
    const cols = extents[rank - 1] ?? 1;
    const rows = extents[rank - 2] ?? 1;
    const outer = Math.max(0, rank - 2);
    const block = this.#blocks.reserve(operands.length * 8 + scalars.length * 4);
    const { i32, f32 } = this.#context.memory;
    const at = block / 4;
    scalars.forEach((value, k) => {
      f32[at + operands.length * 2 + k] = value;
    });
    const once = (offsets: readonly number[]): void => {
      for (let k = 0; k < operands.length; k++) {
        i32[at + 2 * k] = (addresses[k] as number) + (offsets[k] ?? 0) * 4;
        i32[at + 2 * k + 1] = (strides[k]?.[rank - 2] ?? 0) * 4;
      }
      run(rows, cols, block);
    };
    if (outer === 0) once([]);
    else eachOffset(loops, outer, once);
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
