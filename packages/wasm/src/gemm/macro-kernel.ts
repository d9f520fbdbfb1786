import type { Local } from '../assembler/code.ts';
import { type FunctionBuilder, i32s, type ModuleBuilder } from '../assembler/module-builder.ts';
import { type Instructions, microKernel, tileCols, tileRows } from './micro-kernel.ts';

type Ten<T> = [T, T, T, T, T, T, T, T, T, T];

/**
 * `multiply`(m, n, depth, a, b, c, rowBytes, start, startRow, startCol): c[m, n] = start + a·b from packed panels, tile
 * by tile. Rows of `start` lie startRow bytes apart, and what each eight columns start from startCol bytes.
 */
export function macroKernel(module: ModuleBuilder, instructions: Instructions): void {
  const most = tileRows(instructions);
  const kernels = [1, 2].map((vectors) =>
    Array.from({ length: most }, (_, r) => microKernel(module, undefined, instructions, r + 1, vectors)),
  ) as [FunctionBuilder[], FunctionBuilder[]];
  const made = module.function('multiply', i32s(10));
  const { code } = made;
  const [m, n, depth, a, b, c, rowBytes, start, startRow, startCol] = made.arguments as Ten<Local>;
  const [i, j, rows, width, left, target, from] = made.locals('i32', 7);
  const smaller = (limit: Local, at: Local, most: number, out: Local): void => {
    code.get(limit, at).op('i32.sub').set(out);
    code.i32(most).get(out, out).i32(most).op('i32.gt_u').op('select').set(out);
  };
  const callKernel = (vectors: 1 | 2): void => {
    const choices = kernels[vectors - 1] as FunctionBuilder[];
    const choose = (r: number): void => {
      const call = (): void => {
        code.get(depth, left, b, target, rowBytes, from, startRow, width);
        code.call((choices[r - 1] as FunctionBuilder).index);
      };
      if (r === 1) call();
      else
        code
          .get(rows)
          .i32(r)
          .op('i32.eq')
          .if(call, () => choose(r - 1));
    };
    choose(most);
  };
  const advanceBy = (local: Local, bytes: Local, times: number): void => {
    code.get(local, bytes).i32(times).op('i32.mul').op('i32.add').set(local);
  };

  code.while(
    () => code.get(j, n).op('i32.lt_u'),
    () => {
      smaller(n, j, tileCols, width);
      code.i32(0).set(i).get(a).set(left).get(c).set(target).get(start).set(from);
      code.while(
        () => code.get(i, m).op('i32.lt_u'),
        () => {
          smaller(m, i, most, rows);
          code
            .get(width)
            .i32(4)
            .op('i32.le_u')
            .if(
              () => callKernel(1),
              () => callKernel(2),
            );
          advanceBy(left, depth, most * 4);
          advanceBy(target, rowBytes, most);
          advanceBy(from, startRow, most);
          code.increase(i, most);
        },
      );
      advanceBy(b, depth, tileCols * 4);
      code.advance(start, startCol);
      code.increase(c, tileCols * 4);
      code.increase(j, tileCols);
    },
  );
}
