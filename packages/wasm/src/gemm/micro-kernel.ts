import type { Code, Local } from '../assembler/code.ts';
import type { FunctionBuilder, ModuleBuilder } from '../assembler/module-builder.ts';

/** Columns of a register tile, and of a strip of a packed right-hand panel. */
export const tileCols = 8;

/** How products are formed: one fused instruction where the engine has it. */
export interface Instructions {
  readonly madd: boolean;
}

/**
 * Rows of a register tile. Six rows of two vectors fill the 15 usable registers with madd; with a separate multiply
 * the product needs one more, and six rows would spill (facts measured on V8 of Node 20 to 26).
 */
export function tileRows({ madd }: Instructions): number {
  return madd ? 6 : 5;
}

/**
 * kernel(depth, a, b, c, rowBytes, accumulate): the tile c[rows, 4·vectors] = Σ_k a(·, k)·b(k, ·), added to what c
 * holds where `accumulate` is not 0. Panels: `a` holds `stripRows` values for each k, `b` eight.
 *
 * Accumulators start from c or zero before the loop and are only stored after it: with a sum in the epilogue V8 of
 * Node 20 and 22 would spill them inside of the loop, at half the speed.
 */
export function microKernel(
  module: ModuleBuilder,
  name: string | undefined,
  instructions: Instructions,
  rows: number,
  vectors: number,
): FunctionBuilder {
  const stripRows = tileRows(instructions);
  const made = module.function(name, ['i32', 'i32', 'i32', 'i32', 'i32', 'i32']);
  const { code } = made;
  const [depth, a, b, c, rowBytes, accumulate] = made.arguments as [Local, Local, Local, Local, Local, Local];
  const sums = Array.from({ length: rows }, () => made.locals('v128', vectors));
  const right = made.locals('v128', vectors);
  const left = made.local('v128');
  const row = made.local('i32');

  code.get(accumulate).if(
    () => {
      eachRow(code, sums, { c, row, rowBytes }, (sum, offset) => {
        code.get(row).memory('v128.load', offset).set(sum);
      });
    },
    () => {
      for (const sum of sums.flat()) code.v128(new Float32Array(4)).set(sum);
    },
  );
  code.repeat(depth, () => {
    right.forEach(
      (local, v) =>
        void code
          .get(b)
          .memory('v128.load', 16 * v)
          .set(local),
    );
    sums.forEach((tileRow, i) => {
      code
        .get(a)
        .memory('v128.load32_splat', 4 * i)
        .set(left);
      tileRow.forEach((sum, v) => {
        multiplyAdd(code, instructions, left, right[v] as Local, sum);
      });
    });
    code.increase(a, stripRows * 4);
    code.increase(b, tileCols * 4);
  });
  eachRow(code, sums, { c, row, rowBytes }, (sum, offset) => {
    code.get(row, sum).memory('v128.store', offset);
  });
  return made;
}

function eachRow(
  code: Code,
  sums: readonly (readonly Local[])[],
  { c, row, rowBytes }: { c: Local; row: Local; rowBytes: Local },
  visit: (sum: Local, offset: number) => void,
): void {
  code.get(c).set(row);
  sums.forEach((tileRow, i) => {
    if (i > 0) code.advance(row, rowBytes);
    tileRow.forEach((sum, v) => {
      visit(sum, 16 * v);
    });
  });
}

/** sum += a·b, in one rounding or two. */
export function multiplyAdd(code: Code, { madd }: Instructions, a: Local, b: Local, sum: Local): void {
  if (madd) code.get(a, b, sum).op('f32x4.relaxed_madd').set(sum);
  else code.get(sum, a, b).op('f32x4.mul').op('f32x4.add').set(sum);
}
