import { type FloatArray, Interpreter, type Program } from '@funhash/formula';
import type { View } from '../backend.ts';
import type { TypedArray } from '../dtype.ts';
import { sizeOf } from '../shape.ts';
import { evaluateWhole } from '../whole-programs.ts';
import { contiguousData, dataOf } from './views.ts';

const chunk = 4096;

const interpreters = new WeakMap<Program, Map<string, Interpreter>>();

/** The interpreter of a program, made once: its registers are reused by every call. */
export function interpreterOf(program: Program, dtype: 'f32' | 'f64', capacity: number): Interpreter {
  const known = interpreters.get(program) ?? new Map<string, Interpreter>();
  interpreters.set(program, known);
  const key = `${dtype}:${capacity}`;
  const found = known.get(key) ?? new Interpreter(program, dtype, capacity);
  known.set(key, found);
  return found;
}

// Powers of two, so that a program met with many sizes has few interpreters.
function capacityFor(size: number): number {
  return size >= chunk ? chunk : 2 ** Math.ceil(Math.log2(Math.max(1, size)));
}

export function map(
  program: Program,
  inputs: readonly View[],
  scalars: readonly number[],
  outs: readonly View[],
): void {
  const [first] = outs;
  if (!first) return;
  if (first.dtype === 'i32') mapWhole(program, inputs, scalars, outs);
  else mapReals(program, inputs, scalars, outs);
}

function mapReals(
  program: Program,
  inputs: readonly View[],
  scalars: readonly number[],
  outs: readonly View[],
): void {
  const [first] = outs as readonly [View, ...View[]];
  const size = sizeOf(first.shape);
  const interpreter = interpreterOf(program, first.dtype as 'f32' | 'f64', capacityFor(size));
  const sources = inputs.map((view) => contiguousData(view) as FloatArray);
  const step = interpreter.capacity;
  for (let from = 0; from < size; from += step) {
    const cols = Math.min(step, size - from);
    const results = interpreter.run({
      rows: 1,
      cols,
      firstRow: 0,
      firstCol: 0,
      uniforms: [],
      scalars,
      stored: [],
      inputs: sources.map((source) => source.subarray(from, from + cols)),
    });
    outs.forEach((out, k) => {
      dataOf(out).set((results[k] as FloatArray).subarray(0, cols), out.offset + from);
    });
  }
}

function mapWhole(
  program: Program,
  inputs: readonly View[],
  scalars: readonly number[],
  outs: readonly View[],
): void {
  const sources = inputs.map(contiguousData);
  for (let k = 0; k < sizeOf((outs[0] as View).shape); k++) {
    const results = evaluateWhole(program, (slot) => (sources[slot] as TypedArray)[k] as number, scalars);
    outs.forEach((out, at) => {
      dataOf(out)[out.offset + k] = results[at] as number;
    });
  }
}
