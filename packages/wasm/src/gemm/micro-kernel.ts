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
 * kernel(depth, a, b, c, rowBytes, start, startRow, width): the tile c[rows, 4·vectors] = start + Σ_k a(·, k)·b(k, ·),
 * of which the first `width` columns are stored. Panels: `a` holds `stripRows` values for each k, `b` eight. The rows
 * of `start` lie `startRow` bytes apart: c itself, or 0 apart for one row that all sums start from.
 *
 * Accumulators are loaded before the loop and only stored after it: with a sum in the epilogue V8 of Node 20 and 22
 * would spill them inside of the loop, at half the speed.
 */
export function microKernel(
  module: ModuleBuilder,
  name: string | undefined,
  instructions: Instructions,
  rows: number,
  vectors: number,
): FunctionBuilder {
  const stripRows = tileRows(instructions);
  const made = module.function(name, ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32']);
  const { code } = made;
  const [depth, a, b, c, rowBytes, start, startRow, width] = made.arguments;
  const sums = Array.from({ length: rows }, () => made.locals('v128', vectors));
  const right = made.locals('v128', vectors);
  const left = made.local('v128');

  loadTile(code, sums, { start, startRow });
  code.repeat(depth, () => {
    multiplyTile(code, instructions, sums, { right, left }, { a, b, stride: 4 });
    code.increase(a, stripRows * 4);
    code.increase(b, tileCols * 4);
  });
  storeTile(code, { c, rowBytes, width }, sums);
  return made;
}

type Tile = readonly (readonly Local[])[];

/** Loads the sums of a tile. */
export function loadTile(
  code: Code,
  sums: Tile,
  { start, startRow }: { readonly start: Local; readonly startRow: Local },
): void {
  sums.forEach((row, i) => {
    if (i > 0) code.advance(start, startRow);
    row.forEach((sum, v) => {
      code
        .get(start)
        .memory('v128.load', 16 * v)
        .set(sum);
    });
  });
}

/** Adds the product of a column of a, whose elements are `stride` bytes apart, and a row of b to the sums of a tile. */
export function multiplyTile(
  code: Code,
  instructions: Instructions,
  sums: Tile,
  { right, left }: { readonly right: readonly Local[]; readonly left: Local },
  { a, b, stride }: { readonly a: Local; readonly b: Local; readonly stride: number },
): void {
  right.forEach((local, v) => {
    code
      .get(b)
      .memory('v128.load', 16 * v)
      .set(local);
  });
  sums.forEach((row, i) => {
    code
      .get(a)
      .memory('v128.load32_splat', i * stride)
      .set(left);
    row.forEach((sum, v) => {
      multiplyAdd(code, instructions, left, right[v] as Local, sum);
    });
  });
}

/** Stores as many columns of a tile as `width` says: those of its last vector at least in part. */
export function storeTile(
  code: Code,
  { c, rowBytes, width }: { readonly c: Local; readonly rowBytes: Local; readonly width: Local },
  sums: Tile,
): void {
  const vectors = sums[0]?.length ?? 0;
  const choose = (columns: number): void => {
    const store = (): void => storeColumns(code, { c, rowBytes }, sums, columns);
    if (columns === 4 * (vectors - 1) + 1) store();
    else
      code
        .get(width)
        .i32(columns)
        .op('i32.eq')
        .if(store, () => choose(columns - 1));
  };
  choose(4 * vectors);
}

/** Stores the first `columns` columns of a tile. */
function storeColumns(
  code: Code,
  { c, rowBytes }: { c: Local; rowBytes: Local },
  sums: Tile,
  columns: number,
): void {
  sums.forEach((row, i) => {
    if (i > 0) code.advance(c, rowBytes);
    row.forEach((sum, v) => {
      const left = columns - 4 * v;
      if (left >= 4) {
        code.get(c, sum).memory('v128.store', 16 * v);
        return;
      }
      if (left >= 2) code.get(c, sum).memoryLane('v128.store64_lane', 0, 16 * v);
      if (left % 2 === 1) code.get(c, sum).memoryLane('v128.store32_lane', left - 1, 16 * v + 4 * (left - 1));
    });
  });
}

/** sum += a·b, in one rounding or two. */
export function multiplyAdd(code: Code, { madd }: Instructions, a: Local, b: Local, sum: Local): void {
  if (madd) code.get(a, b, sum).op('f32x4.relaxed_madd').set(sum);
  else code.get(sum, a, b).op('f32x4.mul').op('f32x4.add').set(sum);
}
