import type { Local } from '../assembler/code.ts';
import { type FunctionBuilder, i32s, type ModuleBuilder } from '../assembler/module-builder.ts';
import { transpose4 } from '../gemm/transpose.ts';

/** Rows longer than this many bytes are worth a call of the engine's own copy. */
const bulkBytes = 512;

/** clear(address, bytes): zeros. */
export function clearCode(module: ModuleBuilder): void {
  const { code, arguments: locals } = module.function('clear', ['i32', 'i32']);
  const [address, bytes] = locals as [Local, Local];
  code.get(address).i32(0).get(bytes).memoryFill();
}

/**
 * copy(to, from, extents 0–3, to-strides 0–3, from-strides 0–3): words of four bytes between any two strided blocks;
 * strides in bytes. Rows that lie side by side are copied in bulk, transposed ones in 4 × 4 blocks.
 */
export function copyCode(module: ModuleBuilder): void {
  const plane = copyPlane(module);
  const made = module.function('copy', i32s(14));
  const { code } = made;
  const locals = made.arguments;
  const [to, from] = locals;
  const [extents, toStrides, fromStrides] = [2, 6, 10].map((at) => locals.slice(at, at + 4)) as [
    Local[],
    Local[],
    Local[],
  ];
  const nest = (axis: number, toOuter: Local, fromOuter: Local): void => {
    if (axis === 2) {
      code.get(toOuter, fromOuter, extents[2] as Local, extents[3] as Local);
      code.get(
        toStrides[2] as Local,
        toStrides[3] as Local,
        fromStrides[2] as Local,
        fromStrides[3] as Local,
      );
      code.call(plane.index);
      return;
    }
    const [toHere, fromHere, left] = made.locals('i32', 3);
    code
      .get(toOuter)
      .set(toHere)
      .get(fromOuter)
      .set(fromHere)
      .get(extents[axis] as Local)
      .set(left);
    code.repeat(left, () => {
      nest(axis + 1, toHere, fromHere);
      code
        .get(toHere, toStrides[axis] as Local)
        .op('i32.add')
        .set(toHere);
      code
        .get(fromHere, fromStrides[axis] as Local)
        .op('i32.add')
        .set(fromHere);
    });
  };
  nest(0, to, from);
}

function copyPlane(module: ModuleBuilder): FunctionBuilder {
  const made = module.function(undefined, i32s(8));
  const { code } = made;
  const [to, from, rows, cols, toRow, toCol, fromRow, fromCol] = made.arguments;
  const [target, source, left] = made.locals('i32', 3);

  const sideBySide = (): void => {
    code
      .get(cols)
      .i32(bulkBytes / 4)
      .op('i32.gt_u')
      .if(
        () => void code.get(to, from, cols).i32(2).op('i32.shl').memoryCopy(),
        () => {
          code.get(to).set(target).get(from).set(source).get(cols).set(left);
          code.while(
            () => code.atLeast(left, 4),
            () => {
              code.get(target, source).memory('v128.load').memory('v128.store');
              code.increase(target, 16);
              code.increase(source, 16);
              code.increase(left, -4);
            },
          );
          words();
        },
      );
  };
  // The rest of a row, word by word, with the strides of the columns.
  const words = (): void => {
    code.repeat(left, () => {
      code.get(target, source).memory('i32.load').memory('i32.store');
      code.advance(target, toCol);
      code.advance(source, fromCol);
    });
  };
  // Four rows at once while the source lies side by side along them.
  const transposed = (): void => {
    const quads = made.local('i32');
    code.while(
      () => code.atLeast(rows, 4),
      () => {
        code.get(to).set(target).get(from).set(source).get(cols).i32(2).op('i32.shr_u').set(quads);
        code.repeat(quads, () => {
          const loaded = made.locals('v128', 4);
          for (const local of loaded) {
            code.get(source).memory('v128.load').set(local);
            code.advance(source, fromCol);
          }
          const columns = transpose4(made, code, loaded);
          const row = made.local('i32');
          code.get(target).set(row);
          for (const local of columns) {
            code.get(row, local).memory('v128.store');
            code.advance(row, toRow);
          }
          code.increase(target, 16);
        });
        const rest = made.locals('i32', 2);
        code.get(target).set(rest[0]).get(source).set(rest[1]);
        for (let i = 0; i < 4; i++) {
          code
            .get(cols)
            .i32(3)
            .op('i32.and')
            .set(left)
            .get(rest[0])
            .set(target)
            .get(rest[1])
            .i32(4 * i)
            .op('i32.add')
            .set(source);
          words();
          code.advance(rest[0], toRow);
        }
        for (let i = 0; i < 4; i++) code.advance(to, toRow);
        code.increase(from, 16);
        code.increase(rows, -4);
      },
    );
  };
  // One word of the source over a row.
  const repeated = (): void => {
    const four = made.local('v128');
    code.get(to).set(target).get(from).set(source).get(cols).set(left);
    code.get(from).memory('v128.load32_splat').set(four);
    code.while(
      () => code.atLeast(left, 4),
      () => {
        code.get(target, four).memory('v128.store');
        code.increase(target, 16);
        code.increase(left, -4);
      },
    );
    words();
  };
  const equals = (local: Local, value: number): void => void code.get(local).i32(value).op('i32.eq');

  equals(toCol, 4);
  equals(fromRow, 4);
  code.op('i32.and').get(fromCol).i32(4).op('i32.ne').op('i32.and').if(transposed);
  code.repeat(rows, () => {
    equals(toCol, 4);
    equals(fromCol, 4);
    code.op('i32.and').if(sideBySide, () => {
      equals(toCol, 4);
      equals(fromCol, 0);
      code.op('i32.and').if(repeated, () => {
        code.get(to).set(target).get(from).set(source).get(cols).set(left);
        words();
      });
    });
    code.advance(to, toRow);
    code.advance(from, fromRow);
  });
  return made;
}
