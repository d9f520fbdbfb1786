import { type Epilogue, type Kernels, sizeOf, type View } from '@funhash/tensor';
import { type Axes, axesKey, loops, positionLines, quotient } from '../addressing.ts';
import type { GpuContext } from '../context.ts';
import type { DeviceArray } from '../device.ts';
import { epilogueOf } from './epilogue.ts';

export function matmulKernel(context: GpuContext): Kernels['matmul'] {
  return (a, b, out, epilogue) => {
    if (sizeOf(out.shape) === 0) return;
    context.memory.store(out, matrixProduct(context, a, b, out.shape.length, epilogue));
  };
}

/** The product of operands of `Kernels.matmul`, which has elements and `rank` axes. */
export function matrixProduct(
  context: GpuContext,
  a: View,
  b: View,
  rank: number,
  epilogue?: Epilogue,
): DeviceArray {
  const [result, depth] = productAxes(a, b, rank);
  return multiply(context, a, b, { result, depth, epilogue });
}

export interface Product {
  /** The axes of the result, with the strides of a, of b and of the column's number. */
  readonly result: Axes;
  /** The axes that are summed over, with the strides of a and b. */
  readonly depth: Axes;
  readonly epilogue?: Epilogue | undefined;
}

/** A thread is an element of the result, which has elements: it sums over all of its row of a and column of b. */
export function multiply(
  context: GpuContext,
  a: View,
  b: View,
  { result, depth, epilogue }: Product,
): DeviceArray {
  const { device, memory } = context;
  const after = epilogueOf(context, epilogue);
  const isSum = sizeOf(depth.shape) > 0;
  const operands = isSum ? [...memory.argumentsOf(a), ...memory.argumentsOf(b)] : [];
  const names = isSum ? ['a', 'fromA', 'b', 'fromB'] : [];
  const key = `matmul:${axesKey(result)}:${axesKey(depth)}:${after.key}`;
  return device.run(key, [...operands, ...after.args], () => ({
    length: sizeOf(result.shape),
    functions: [quotient],
    ...after.native(),
    source: `function (${[...names, ...after.names].join(', ')}) {
      const index = this.thread.x;
      ${positionLines(result, ['rowA', 'colB', 'col'], 'index')}
      let sum = 0.0;
      ${
        isSum
          ? `const x = fromA + rowA;
             const y = fromB + colB;
             ${loops(depth, ([p, q]) => `sum = sum + a[x + ${p}] * b[y + ${q}];`)}`
          : ''
      }
      ${after.lines('sum', 'col')}
    }`,
  }));
}

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
