import { type Kernels, sizeOf, type View } from '@funhash/tensor';
import { type Axes, axesKey, loops, positionLines, quotient } from '../addressing.ts';
import type { GpuContext } from '../context.ts';
import { epilogueOf } from './epilogue.ts';

/** A thread is an element of the result: it sums over all columns of its row of a. */
export function matmulKernel(context: GpuContext): Kernels['matmul'] {
  const { device, memory } = context;
  return (a, b, out, epilogue) => {
    const length = sizeOf(out.shape);
    if (length === 0) return;
    const [result, depth] = productAxes(a, b, out.shape.length);
    const after = epilogueOf(context, epilogue);
    if (sizeOf(depth.shape) === 0) {
      const nothing = device.run(`matmul0:${length}:${out.shape.at(-1)}:${after.key}`, after.args, () => ({
        length,
        functions: [quotient],
        ...after.native(),
        source: `function (${after.names.join()}) {
          const row = quotient(this.thread.x, ${out.shape.at(-1)});
          const col = this.thread.x - row * ${out.shape.at(-1)};
          ${after.lines('0.0', 'col')}
        }`,
      }));
      return memory.store(out, nothing);
    }
    const [left, fromA] = memory.argumentsOf(a);
    const [right, fromB] = memory.argumentsOf(b);
    const key = `matmul:${axesKey(result)}:${axesKey(depth)}:${after.key}`;
    const product = device.run(key, [left, right, fromA, fromB, ...after.args], () => ({
      length,
      functions: [quotient],
      ...after.native(),
      source: `function (${['a', 'b', 'fromA', 'fromB', ...after.names].join(', ')}) {
        const index = this.thread.x;
        ${positionLines(result, ['rowA', 'colB', 'col'], 'index')}
        const x = fromA + rowA;
        const y = fromB + colB;
        let sum = 0.0;
        ${loops(depth, ([p, q]) => `sum = sum + a[x + ${p}] * b[y + ${q}];`)}
        ${after.lines('sum', 'col')}
      }`,
    }));
    memory.store(out, product);
  };
}

/**
 * The axes of the result, with the strides of a, of b and of the column's number, and those that are summed over, with
 * the strides of a and b.
 */
function productAxes(a: View, b: View, rank: number): [result: Axes, depth: Axes] {
  const batch = b.shape.length - 2;
  const rowAxes = rank - 1;
  const [, cols] = b.shape.slice(batch) as [number, number];
  const [stepB, colStep] = b.strides.slice(batch) as [number, number];
  const zeros = (count: number): number[] => new Array<number>(count).fill(0);
  const result: Axes = {
    shape: [...a.shape.slice(0, rowAxes), cols],
    strides: [
      [...a.strides.slice(0, rowAxes), 0],
      [...b.strides.slice(0, batch), ...zeros(rowAxes - batch), colStep],
      [...zeros(rowAxes), 1],
    ],
  };
  const shape = a.shape.slice(rowAxes);
  const alongB = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)) * stepB);
  return [result, { shape, strides: [a.strides.slice(rowAxes), alongB] }];
}
