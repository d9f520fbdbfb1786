import type { Local } from '../assembler/code.ts';
import type { FunctionBuilder, ModuleBuilder } from '../assembler/module-builder.ts';
import { type Instructions, microKernel, tileCols, tileRows } from './micro-kernel.ts';

/**
 * `multiply`(m, n, depth, a, b, c, rowBytes, accumulate, edge): c[m, n] from packed panels, tile by tile. A tile that
 * is not full is formed in the block `edge` (tileRows × 8 floats), so that nothing outside of c is touched.
 */
export function macroKernel(module: ModuleBuilder, instructions: Instructions): void {
  const most = tileRows(instructions);
  const kernels = [1, 2].map((vectors) =>
    Array.from({ length: most }, (_, r) => microKernel(module, undefined, instructions, r + 1, vectors)),
  ) as [FunctionBuilder[], FunctionBuilder[]];
  const made = module.function(
    'multiply',
    Array.from({ length: 9 }, () => 'i32' as const),
  );
  const { code } = made;
  const [m, n, depth, a, b, c, rowBytes, accumulate, edge] = made.arguments as [
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  const [i, j, rows, width, left, right, target, at, from, to, count] = made.locals('i32', 11) as [
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
  ];

  const callKernel = (vectors: 1 | 2, where: Local, stride: () => void): void => {
    const choices = kernels[vectors - 1] as FunctionBuilder[];
    const call = (r: number): void => {
      code.get(depth, left, right, where);
      stride();
      code.get(accumulate).call((choices[r - 1] as FunctionBuilder).index);
    };
    const choose = (r: number): void => {
      if (r === 1) {
        call(1);
        return;
      }
      code
        .get(rows)
        .i32(r)
        .op('i32.eq')
        .if(
          () => call(r),
          () => choose(r - 1),
        );
    };
    choose(most);
  };

  // Copies rows × width floats from `from` to `to`, one row after the other.
  const copyEdge = (fromStride: () => void, toStride: () => void): void => {
    code.get(rows).set(count);
    code.while(
      () => code.get(count),
      () => {
        code.i32(0).set(at);
        code.while(
          () => code.get(at, width).op('i32.lt_u'),
          () => {
            const offset = (base: Local): void => {
              code.get(base, at).i32(2).op('i32.shl').op('i32.add');
            };
            offset(to);
            offset(from);
            code.memory('i32.load').memory('i32.store');
            code.increase(at, 1);
          },
        );
        code.get(from);
        fromStride();
        code.op('i32.add').set(from).get(to);
        toStride();
        code.op('i32.add').set(to).increase(count, -1);
      },
    );
  };
  const ownStride = (): void => void code.get(rowBytes);
  const edgeStride = (): void => void code.i32(tileCols * 4);
  const smaller = (limit: Local, from: Local, most: number, out: Local): void => {
    code.get(limit, from).op('i32.sub').set(out);
    code.i32(most).get(out, out).i32(most).op('i32.gt_u').op('select').set(out);
  };

  code.get(b).set(right);
  code.while(
    () => code.get(j, n).op('i32.lt_u'),
    () => {
      smaller(n, j, tileCols, width);
      code.i32(0).set(i).get(a).set(left);
      code.get(c, j).i32(2).op('i32.shl').op('i32.add').set(target);
      code.while(
        () => code.get(i, m).op('i32.lt_u'),
        () => {
          smaller(m, i, most, rows);
          code
            .get(width)
            .i32(tileCols)
            .op('i32.eq')
            .if(
              () => callKernel(2, target, ownStride),
              () => {
                code.get(accumulate).if(() => {
                  code.get(target).set(from).get(edge).set(to);
                  copyEdge(ownStride, edgeStride);
                });
                code
                  .get(width)
                  .i32(4)
                  .op('i32.le_u')
                  .if(
                    () => callKernel(1, edge, edgeStride),
                    () => callKernel(2, edge, edgeStride),
                  );
                code.get(edge).set(from).get(target).set(to);
                copyEdge(edgeStride, ownStride);
              },
            );
          code
            .get(left, depth)
            .i32(most * 4)
            .op('i32.mul')
            .op('i32.add')
            .set(left);
          code.get(target, rowBytes).i32(most).op('i32.mul').op('i32.add').set(target);
          code.increase(i, most);
        },
      );
      code
        .get(right, depth)
        .i32(tileCols * 4)
        .op('i32.mul')
        .op('i32.add')
        .set(right);
      code.increase(j, tileCols);
    },
  );
}
