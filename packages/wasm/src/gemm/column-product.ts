import type { Local } from '../assembler/code.ts';
import { type FunctionBuilder, i32s, type ModuleBuilder } from '../assembler/module-builder.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import type { Linked, Thread } from '../threads/thread.ts';
import type { Threads } from '../threads/threads.ts';
import type { Matrix } from './matrix.ts';
import { type Instructions, loadTile, multiplyTile, tileCols, tileRows } from './micro-kernel.ts';
import type { Scattered } from './scattered.ts';

type Eleven<T> = [T, T, T, T, T, T, T, T, T, T, T];

// Of b, so many bytes stay in the first-level cache beside what is read of a.
const blockBytes = 16384;

/** Products aᵀ·b of windows on images with few vectors b: neither is packed, because that would cost as much as the product. */
export class ColumnProducts {
  readonly #instructions: Instructions;
  readonly #zeros: number;
  readonly #code: () => Linked<'columns'>;

  constructor(memory: LinearMemory, threads: Threads, instructions: Instructions) {
    this.#instructions = instructions;
    this.#zeros = memory.allocate(tileCols * 4);
    memory.view('f32', this.#zeros, tileCols).fill(0);
    this.#code = threads.linkLater((module) => columnProduct(module, instructions, this.#zeros));
  }

  /**
   * to[col, j] = Σ_p a[p, col]·b[p, j] over the rows p of [first, first + depth), for all columns of a and j < n. Rows of
   * `to` are `rowBytes` apart, a multiple of 32; what stands in them behind n is not defined. Elements of a row of b lie side by side.
   */
  multiply(
    thread: Thread,
    { rows, runs }: Scattered,
    b: Matrix,
    n: number,
    first: number,
    depth: number,
    to: number,
    rowBytes: number,
  ): void {
    const { columns } = thread.functions(this.#code());
    const most = tileRows(this.#instructions);
    const step = Math.max(64, Math.floor(blockBytes / b.rowStride));
    for (let from = 0; from < depth; from += step) {
      const count = Math.min(step, depth - from);
      const [table, right] = [rows + (first + from) * 4, b.address + (first + from) * b.rowStride];
      let col = 0;
      for (const run of runs) {
        let at = 0;
        // Tiles of nearly equal size.
        for (let tiles = Math.ceil(run.count / most); tiles > 0; ) {
          const size = Math.ceil((run.count - at) / tiles);
          const groups = size * tiles === run.count - at ? tiles : 1;
          const [offset, target] = [run.offset + at * 4, to + (col + at) * rowBytes];
          columns(
            groups,
            size,
            n,
            count,
            table,
            offset,
            right,
            b.rowStride,
            target,
            rowBytes,
            from > 0 ? target : 0,
          );
          at += groups * size;
          tiles -= groups;
        }
        col += run.count;
      }
    }
  }
}

/**
 * columns(groups, size, n, depth, rows, offset, b, bStride, c, rowBytes, start): for groups·size columns i side by side, `offset`
 * bytes behind the addresses at `rows`, c[i, j] = start[i, j] + Σ_p a[p, i]·b[p, j], j < n rounded up to four; from zeros where
 * `start` is 0, else from c.
 */
function columnProduct(module: ModuleBuilder, instructions: Instructions, zeros: number): void {
  const most = tileRows(instructions);
  const kernels = [1, 2].map((vectors) =>
    Array.from({ length: most }, (_, r) => columnKernel(module, instructions, r + 1, vectors)),
  ) as [FunctionBuilder[], FunctionBuilder[]];
  const made = module.function('columns', i32s(11));
  const { code } = made;
  const [groups, size, n, depth, rows, offset, b, bStride, c, rowBytes, start] =
    made.arguments as Eleven<Local>;
  const [left, right, target, from, startRow] = made.locals('i32', 5);
  const choose = (vectors: 1 | 2, r: number): void => {
    const call = (): void => {
      code.get(depth, rows, offset, right, bStride, target, rowBytes, from, startRow);
      code.call((kernels[vectors - 1] as FunctionBuilder[])[r - 1]?.index as number);
    };
    if (r === 1) call();
    else
      code
        .get(size)
        .i32(r)
        .op('i32.eq')
        .if(call, () => choose(vectors, r - 1));
  };
  const strip = (vectors: 1 | 2): void => {
    code.get(start).if(
      () => void code.get(target).set(from).get(rowBytes).set(startRow),
      () => void code.i32(zeros).set(from).i32(0).set(startRow),
    );
    choose(vectors, most);
    code.increase(right, 16 * vectors).increase(target, 16 * vectors);
  };
  code.repeat(groups, () => {
    code.get(n).set(left).get(b).set(right).get(c).set(target);
    code.while(
      () => code.atLeast(left, 5),
      () => {
        strip(2);
        code.get(left, left).i32(8).get(left).i32(8).op('i32.lt_u').op('select').op('i32.sub').set(left);
      },
    );
    code.get(left).if(() => strip(1));
    code.get(offset, size).i32(2).op('i32.shl').op('i32.add').set(offset);
    code.get(c, size, rowBytes).op('i32.mul').op('i32.add').set(c);
  });
}

// kernel(depth, rows, offset, b, bStride, c, rowBytes, start, startRow), in the form of `microKernel` and for its reasons.
function columnKernel(
  module: ModuleBuilder,
  instructions: Instructions,
  size: number,
  vectors: number,
): FunctionBuilder {
  const made = module.function(undefined, i32s(9));
  const { code } = made;
  const [depth, rows, offset, b, bStride, c, rowBytes, start, startRow] = made.arguments;
  const sums = Array.from({ length: size }, () => made.locals('v128', vectors));
  const right = made.locals('v128', vectors);
  const left = made.local('v128');
  const at = made.local('i32');
  loadTile(code, sums, { start, startRow });
  code.repeat(depth, () => {
    code.get(rows).memory('i32.load').get(offset).op('i32.add').set(at);
    multiplyTile(code, instructions, sums, { right, left }, { a: at, b, stride: 4 });
    code.increase(rows, 4);
    code.advance(b, bStride);
  });
  sums.forEach((row, i) => {
    if (i > 0) code.advance(c, rowBytes);
    row.forEach((sum, v) => void code.get(c, sum).memory('v128.store', 16 * v));
  });
  return made;
}
