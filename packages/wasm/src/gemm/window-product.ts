import type { Local } from '../assembler/code.ts';
import { type FunctionBuilder, i32s, ModuleBuilder } from '../assembler/module-builder.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import type { Linked, Thread } from '../threads/thread.ts';
import type { Threads } from '../threads/threads.ts';
import { type Instructions, loadTile, multiplyTile, storeTile, tileCols, tileRows } from './micro-kernel.ts';
import type { Size, Start, Target, WritePanel } from './product.ts';
import type { Scattered } from './scattered.ts';

type Fourteen<T> = [T, T, T, T, T, T, T, T, T, T, T, T, T, T];

// With more vectors packing costs less than the worse tiles do; their panel stays in the second-level cache at most.
const mostBytes = 2 ** 16;
const mostVectors = 32;
// A tile is that long or nearly so: one row of windows cannot fill it otherwise.
const leastGroup = 4;

/**
 * Products of windows on images with few vectors: the windows are read as they lie, because to pack them would cost as much as
 * the product. The windows of a tile are neighbours, so that one address and constants tell where they are.
 */
export class WindowProducts {
  readonly #memory: LinearMemory;
  readonly #threads: Threads;
  readonly #instructions: Instructions;
  readonly #zeros: number;
  /** Functions by the distance of neighbours, which is a constant of their code. */
  readonly #code = new Map<number, Linked<'windows'>>();

  /** @param zeros the address of eight zeros */
  constructor(memory: LinearMemory, threads: Threads, instructions: Instructions, zeros: number) {
    this.#memory = memory;
    this.#threads = threads;
    this.#instructions = instructions;
    this.#zeros = zeros;
  }

  /** Whether it is for such a product with n vectors. */
  takes({ groups }: Scattered, n: number, depth: number): boolean {
    const bytes = roundUp(n) * depth * 4;
    return n <= mostVectors && bytes <= mostBytes && groups.count >= leastGroup && groups.stride >= 0;
  }

  /** out[m, n] = start + a[m, depth] · b, of which `writePanel` writes panels; in the order of sums that packed panels have. */
  multiply(
    thread: Thread,
    { m, n, depth }: Size,
    { rows, runs, groups, firstInGroup = 0 }: Scattered,
    writePanel: WritePanel,
    { address, rowBytes }: Target,
    start: Start,
  ): void {
    if (m === 0) return;
    const { windows } = thread.functions(this.#linked(groups.stride));
    const panelBytes = roundUp(n) * depth * 4;
    thread.withBlock(panelBytes + depth * 4, (panel) => {
      writePanel(panel, 0, n, 0, depth);
      const words = runs.flatMap(({ offset, count }) =>
        Array.from({ length: count }, (_, k) => offset + k * 4),
      );
      const table = this.#memory.trace?.lasting(words.length * 4) ?? panel + panelBytes;
      this.#memory.i32.set(words, table / 4);
      const [from, fromRow, fromCol] =
        start === 'out'
          ? [address, rowBytes, tileCols * 4]
          : start === 'zeros'
            ? [this.#zeros, 0, 0]
            : [start.bias, 0, tileCols * 4];
      const left = groups.count - firstInGroup;
      windows(
        m,
        n,
        rows,
        left,
        groups.count,
        table,
        depth,
        panel,
        depth * tileCols * 4,
        address,
        rowBytes,
        from,
        fromRow,
        fromCol,
      );
    });
  }

  #linked(stride: number): Linked<'windows'> {
    let code = this.#code.get(stride);
    if (!code) {
      const module = new ModuleBuilder();
      windowProduct(module, this.#instructions, stride);
      code = this.#threads.link<'windows'>(module);
      this.#code.set(stride, code);
    }
    return code;
  }
}

const roundUp = (n: number): number => Math.ceil(n / tileCols) * tileCols;

/**
 * windows(m, n, rows, left, group, offsets, depth, b, stripBytes, c, rowBytes, start, startRow, startCol): c[m, n] = start + a·b, for
 * rows of a whose addresses are at `rows`, in groups of neighbours `stride` bytes apart, of the first of which `left` are there,
 * and whose floats are those of the runs (byte offset and length, a pair of words each); b in strips of eight vectors.
 */
function windowProduct(module: ModuleBuilder, instructions: Instructions, stride: number): void {
  const most = tileRows(instructions);
  const kernels = [1, 2].map((vectors) =>
    Array.from({ length: most }, (_, r) => windowKernel(module, instructions, stride, r + 1, vectors)),
  ) as [FunctionBuilder[], FunctionBuilder[]];
  const made = module.function('windows', i32s(14));
  const { code } = made;
  const [m, n, rows, left, group, offsets, depth, b, stripBytes, c, rowBytes, start, startRow, startCol] =
    made.arguments as unknown as Fourteen<Local>;
  const [take, size, width, right, target, from, columns] = made.locals('i32', 7);
  const choose = (vectors: 1 | 2, r: number): void => {
    const call = (): void => {
      code.get(offsets, depth, rows).memory('i32.load');
      code.get(right, target, rowBytes, from, startRow, columns);
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
  const smaller = (a: Local, push: () => void, to: Local): void => {
    code.get(a);
    push();
    code.get(a);
    push();
    code.op('i32.lt_u').op('select').set(to);
  };
  code.while(
    () => code.get(m),
    () => {
      smaller(m, () => void code.get(left), take);
      // Tiles of nearly equal size.
      const addMost = (): void =>
        void code
          .i32(most - 1)
          .op('i32.add')
          .i32(most)
          .op('i32.div_u');
      code.get(take).get(take);
      addMost();
      code.tee(size).op('i32.add').i32(1).op('i32.sub').get(size).op('i32.div_u').set(size);
      code.get(n).set(width).get(b).set(right).get(c).set(target).get(start).set(from);
      code.while(
        () => code.get(width),
        () => {
          smaller(width, () => void code.i32(tileCols), columns);
          code
            .get(columns)
            .i32(4)
            .op('i32.le_u')
            .if(
              () => choose(1, most),
              () => choose(2, most),
            );
          code
            .advance(right, stripBytes)
            .advance(from, startCol)
            .increase(target, tileCols * 4);
          code.get(width, columns).op('i32.sub').set(width);
        },
      );
      code.get(rows, size).i32(2).op('i32.shl').op('i32.add').set(rows);
      for (const [local, bytes] of [
        [c, rowBytes],
        [start, startRow],
      ] as const)
        code.get(local, size, bytes).op('i32.mul').op('i32.add').set(local);
      for (const local of [m, left]) code.get(local, size).op('i32.sub').set(local);
      code.get(left, group, left).op('select').set(left);
    },
  );
}

// kernel(offsets, depth, base, b, c, rowBytes, start, startRow, width), in the form of `microKernel` and for its reasons.
function windowKernel(
  module: ModuleBuilder,
  instructions: Instructions,
  stride: number,
  size: number,
  vectors: number,
): FunctionBuilder {
  const made = module.function(undefined, i32s(9));
  const { code } = made;
  const [offsets, depth, base, b, c, rowBytes, start, startRow, width] =
    made.arguments as unknown as Fourteen<Local>;
  const sums = Array.from({ length: size }, () => made.locals('v128', vectors));
  const right = made.locals('v128', vectors);
  const left = made.local('v128');
  const at = made.local('i32');
  loadTile(code, sums, { start, startRow });
  code.repeat(depth, () => {
    code.get(base, offsets).memory('i32.load').op('i32.add').set(at);
    multiplyTile(code, instructions, sums, { right, left }, { a: at, b, stride });
    code.increase(offsets, 4);
    code.increase(b, tileCols * 4);
  });
  storeTile(code, { c, rowBytes, width }, sums);
  return made;
}
