import fc from 'fast-check';
import { referenceKernels } from '../reference/kernels.ts';
import { dataOf } from '../reference/views.ts';
import { contiguousStrides } from '../shape.ts';
import type { KernelFamily } from './kernel-family.ts';
import { law } from './law.ts';
import { indicesOf, range, read, write } from './naive-views.ts';
import { anyLayout, anySeed, anyShape, freshOut, operand } from './operand.ts';
import { compare } from './trial.ts';

const cases = fc.record({ shape: anyShape(1), layout: anyLayout, seed: anySeed, choice: fc.nat(2) });

export const scanFamily: KernelFamily<'scan'> = {
  naive: (x, out) => {
    for (const lead of indicesOf(x.shape.slice(0, -1))) {
      let sum = 0;
      for (const k of range(x.shape.at(-1) as number)) {
        sum += read(x, ...lead, k);
        write(out, [...lead, k], sum);
      }
    }
  },
  laws: [
    law('scan', 'sums along the last axis of any layout', cases, (bench, { shape, layout, seed, choice }) => {
      const dtypes = [...bench.floats, 'i32'] as const;
      const dtype = dtypes[choice % dtypes.length] as 'f32' | 'f64' | 'i32';
      return compare(bench, {
        kernel: 'scan',
        operands: [operand(dtype, shape, seed, { layout }), freshOut(dtype, shape)],
        outs: [1],
        call: ([x, out]) => [x as never, out as never],
      });
    }),
  ],
  plants: {
    'sums run on from line to line': (x, out) => {
      referenceKernels.scan(x, out);
      const [size, width] = [dataOf(out).length, x.shape.at(-1) as number];
      const data = dataOf(out);
      for (let k = width; k < size; k++)
        data[k] = (data[k] as number) + (data[k - (k % width) - 1] as number);
    },
    'exclusive sums': (x, out) => {
      referenceKernels.scan(x, out);
      const width = x.shape.at(-1) as number;
      const data = dataOf(out);
      for (let k = data.length - 1; k >= 0; k--) data[k] = k % width === 0 ? 0 : (data[k - 1] as number);
    },
    'strides ignored': (x, out) => {
      const { buffer, dtype, shape, offset } = x;
      referenceKernels.scan({ buffer, dtype, shape, strides: contiguousStrides(shape), offset }, out);
    },
  },
};
