import fc from 'fast-check';
import { allocateArray } from '../dtype.ts';
import { referenceKernels } from '../reference/kernels.ts';
import { dataOf } from '../reference/views.ts';
import type { KernelFamily } from './kernel-family.ts';
import { float, law } from './law.ts';
import { indicesOf, read, write } from './naive-views.ts';
import { anyLayout, anySeed, freshOut, operand } from './operand.ts';
import { compare, everyDType, requireRefusal } from './trial.ts';

const indexCase = fc.record({
  rows: fc.integer({ min: 1, max: 9 }),
  inner: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 2 }),
  picks: fc.array(fc.nat({ max: 100 }), { maxLength: 20 }),
  layouts: fc.tuple(anyLayout, anyLayout),
  dtype: fc.constantFrom(...everyDType),
  seed: anySeed,
});

const indexOf = (values: readonly number[]) =>
  operand('i32', [values.length], 7, { layout: 'offset', values });

export const gatherFamily: KernelFamily<'gather'> = {
  naive: (x, index, out) => {
    for (const [n, ...rest] of indicesOf(out.shape))
      write(out, [n as number, ...rest], read(x, read(index, n as number), ...rest));
  },
  laws: [
    law('gather', 'rows of any dtype and layout, repeated and in any order', indexCase, (bench, drawn) => {
      const { rows, inner, picks, layouts, dtype, seed } = drawn;
      return compare(bench, {
        kernel: 'gather',
        operands: [
          operand(dtype, [rows, ...inner], seed, { layout: layouts[0], special: true }),
          indexOf(picks.map((pick) => pick % rows)),
          freshOut(dtype, [picks.length, ...inner]),
        ],
        outs: [2],
        call: ([x, index, out]) => [x as never, index as never, out as never],
        precision: 'exact',
      });
    }),
    law('gather', 'refuses indices out of range', fc.constantFrom(-1, 5, 2 ** 31 - 1), (bench, bad) =>
      requireRefusal(bench, {
        kernel: 'gather',
        operands: [operand('f32', [5, 3], 1), indexOf([0, 4, bad]), freshOut('f32', [3, 3])],
        call: ([x, index, out]) => [x as never, index as never, out as never],
      }),
    ),
  ],
  plants: {
    'indices unchecked': (x, index, out) => {
      dataOf(index).forEach((value, k, data) => {
        data[k] = Math.min(Math.max(value, 0), (x.shape[0] as number) - 1);
      });
      referenceKernels.gather(x, index, out);
    },
  },
};

export const scatterAddFamily: KernelFamily<'scatterAdd'> = {
  naive: (x, index, out) => {
    for (const [n, ...rest] of indicesOf(x.shape)) {
      const to = [read(index, n as number), ...rest];
      write(out, to, read(out, ...to) + read(x, n as number, ...rest));
    }
  },
  laws: [
    law('scatterAdd', 'adds each row to what is there, repeated indices too', indexCase, (bench, drawn) => {
      const { rows, inner, picks, layouts, dtype: choice, seed } = drawn;
      const dtype = float(bench, everyDType.indexOf(choice));
      return compare(bench, {
        kernel: 'scatterAdd',
        operands: [
          operand(dtype, [picks.length, ...inner], seed, { layout: layouts[0] }),
          indexOf(picks.map((pick) => pick % rows)),
          operand(dtype, [rows, ...inner], seed + 1),
        ],
        outs: [2],
        call: ([x, index, out]) => [x as never, index as never, out as never],
      });
    }),
    law('scatterAdd', 'refuses indices out of range', fc.constantFrom(-1, 5, 2 ** 31 - 1), (bench, bad) =>
      requireRefusal(bench, {
        kernel: 'scatterAdd',
        operands: [
          operand('f32', [3, 3], 1),
          indexOf([0, 4, bad]),
          { ...freshOut('f32', [5, 3]), contents: allocateArray('f32', 15) },
        ],
        call: ([x, index, out]) => [x as never, index as never, out as never],
      }),
    ),
  ],
  plants: {
    overwrites: (x, index, out) => {
      dataOf(out).fill(0);
      referenceKernels.scatterAdd(x, index, out);
    },
  },
};
