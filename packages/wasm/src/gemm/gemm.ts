import { ModuleBuilder } from '../assembler/module-builder.ts';
import { clearCode } from '../kernels/copy-code.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import type { Linked, Thread } from '../threads/thread.ts';
import type { Threads } from '../threads/threads.ts';
import { ColumnProducts } from './column-product.ts';
import { macroKernel } from './macro-kernel.ts';
import type { Matrix } from './matrix.ts';
import { type Instructions, tileCols, tileRows } from './micro-kernel.ts';
import { narrowBytes, narrowProduct } from './narrow-product.ts';
import { packer } from './pack.ts';
import type { Size, Start, Target, WritePanel } from './product.ts';
import { rowsFrom, type Scattered } from './scattered.ts';
import { type PackColumns, type PackRows, ScatteredPacker, type Side } from './scattered-packer.ts';
import { vectorProducts } from './vector-product.ts';
import { WindowProducts } from './window-product.ts';

/** Addresses of packed panels of the left and the right operand. */
export interface Packed {
  readonly left: number;
  readonly right: number;
}

/** Columns [first, first + count) of a matrix over its rows [from, from + depth). */
export interface ColumnBlock {
  readonly first: number;
  readonly count: number;
  readonly from: number;
  readonly depth: number;
}

// A left panel stays in the second-level cache, a strip of a right panel in the first.
const depthBlock = 272;
const rowBlock = 132;
const colBlock = 1024;

/** Multiplications in a nanosecond, of whole products on one thread, about. */
export const multipliesPerNs = 25;

/** The size of blocks of nearly equal size: a multiple of `grain`, at most `most`. */
export function blockSize(total: number, most: number, grain: number): number {
  return roundUp(total / Math.ceil(total / most), grain);
}

// At most so many rows or columns, over at least such a depth, are multiplied without packing the other operand.
const mostNarrow = 16;
const leastNarrowDepth = 384;

function isNarrow({ m, n, depth }: Size, a: Matrix, b: Matrix): boolean {
  const least = Math.min(m, n);
  const alongDepth = a.colStride === 4 && b.rowStride === 4;
  return least > 1 && least <= mostNarrow && depth >= leastNarrowDepth && alongDepth;
}

function transposed({ address, rowStride, colStride }: Matrix): Matrix {
  return { address, rowStride: colStride, colStride: rowStride };
}

function isOneRow(m: number, a: Matrix, b: Matrix): boolean {
  return m === 1 && a.colStride === 4 && (b.rowStride === 4 || b.colStride === 4);
}

/** What the columns from one on start from, where out is given for them alone. */
export function startAt(start: Start, col: number): Start {
  return typeof start === 'object' ? { bias: start.bias + col * 4 } : start;
}

type Names = 'multiply' | 'packLeft' | 'packRight';
type RowNames = 'dots' | 'combine' | 'clear';

/** Products of f32 matrices: packed panels, and a tile of results in registers (Goto's algorithm). */
export class Gemm {
  /** Panels of matrices that two strides do not describe. */
  readonly scattered: ScatteredPacker;
  /** Products of the columns of such matrices with few vectors. */
  readonly columns: ColumnProducts;
  /** Products of the rows of such matrices with few vectors. */
  readonly windows: WindowProducts;
  readonly #threads: Threads;
  readonly #code: Linked<Names>;
  readonly #narrow: () => Linked<'narrow'>;
  readonly #ofRow: () => Linked<RowNames>;
  readonly #stripRows: number;
  readonly #zeros: number;

  constructor(memory: LinearMemory, threads: Threads, instructions: Instructions) {
    const module = new ModuleBuilder();
    macroKernel(module, instructions);
    this.#stripRows = tileRows(instructions);
    packer(module, 'packLeft', this.#stripRows);
    packer(module, 'packRight', tileCols);
    this.#code = threads.link<Names>(module);
    this.#narrow = threads.linkLater((later) => narrowProduct(later, instructions));
    this.#ofRow = threads.linkLater((later) => {
      vectorProducts(later, instructions);
      clearCode(later);
    });
    this.#threads = threads;
    this.#zeros = memory.allocate(tileCols * 4);
    memory.view('f32', this.#zeros, tileCols).fill(0);
    this.scattered = new ScatteredPacker(memory, threads, this.#stripRows, this.#zeros);
    this.columns = new ColumnProducts(memory, threads, instructions);
    this.windows = new WindowProducts(memory, threads, instructions, this.#zeros);
  }

  /** Whether this product may start from a bias; others start from what is in out. */
  startsFromBias(size: Size, a: Matrix | Scattered, b: Matrix): boolean {
    return 'runs' in a || !(size.n === 1 || isNarrow(size, a, b) || isOneRow(size.m, a, b));
  }

  /** out[m, n] = start + a[m, depth] · b[depth, n]. */
  multiply(size: Size, a: Matrix, b: Matrix, out: Target, start: Start): void {
    const { m, n, depth } = size;
    // A product with one column is one with a row, transposed.
    if (n === 1 && m > 1 && out.rowBytes === 4) {
      this.multiply({ m: 1, n: m, depth }, transposed(b), transposed(a), out, start);
      return;
    }
    if (isNarrow(size, a, b)) {
      this.#multiplyNarrow(size, a, b, out, start === 'out');
      return;
    }
    const oneRow = isOneRow(m, a, b);
    // Each share packs its own part of one operand, and all of the other: the smaller one.
    const byCols = oneRow || n >= m;
    const [extent, grain] = byCols ? [n, tileCols] : [m, this.#stripRows];
    const nanoseconds = (m * n * depth) / (oneRow ? multipliesPerNs / 10 : multipliesPerNs);
    const parts = this.#threads.partsOf(nanoseconds, Math.ceil(extent / grain));
    this.#threads.split(parts, extent, grain, (thread, from, count) => {
      const target = { address: out.address + from * (byCols ? 4 : out.rowBytes), rowBytes: out.rowBytes };
      const left = byCols ? a : { ...a, address: a.address + from * a.rowStride };
      const right = byCols ? { ...b, address: b.address + from * b.colStride } : b;
      const share = byCols ? { m, n: count, depth } : { m: count, n, depth };
      if (oneRow) this.#multiplyRow(thread, share, left, right, target, start === 'out');
      else {
        const own = startAt(start, byCols ? from : 0);
        this.multiplyPanels(thread, share, left, this.#packing(thread, right), target, own);
      }
    });
  }

  /** Multiplies as `multiply` does, with rows of a anywhere; each share packs its own of them. */
  multiplyScattered({ m, n, depth }: Size, a: Scattered, b: Matrix, out: Target, start: Start): void {
    const parts = this.#threads.partsOf((m * n * depth) / multipliesPerNs, Math.ceil(m / this.#stripRows));
    this.#threads.split(parts, m, this.#stripRows, (thread, from, count) => {
      const target = { address: out.address + from * out.rowBytes, rowBytes: out.rowBytes };
      const writePanel = this.#packing(thread, b);
      this.multiplyPanels(thread, { m: count, n, depth }, rowsFrom(a, from), writePanel, target, start);
    });
  }

  #packing(thread: Thread, { address, rowStride, colStride }: Matrix): WritePanel {
    const { packRight } = thread.functions(this.#code);
    return (to, firstCol, cols, firstDepth, count) => {
      const from = address + firstCol * colStride + firstDepth * rowStride;
      packRight(to, from, cols, count, colStride, rowStride, this.#zeros);
    };
  }

  /** Multiplies on one thread by a matrix that exists only as packed panels, each written once. */
  multiplyPanels(
    thread: Thread,
    size: Size,
    a: Matrix | Scattered,
    writePanel: WritePanel,
    out: Target,
    start: Start,
  ): void {
    const { m, n, depth } = size;
    if (depth === 0) {
      this.multiplyPacked(thread, size, { left: 0, right: 0 }, out, start);
      return;
    }
    if (m === 0 || n === 0) return;
    const deepest = Math.min(depth, depthBlock);
    // Of a shallow product more rows: each block is two calls, and a worker's calls are written down first.
    const mostRows = Math.floor((rowBlock * depthBlock) / deepest);
    const leftBytes = roundUp(Math.min(m, mostRows), this.#stripRows) * deepest * 4;
    const rightBytes = roundUp(Math.min(n, colBlock), tileCols) * deepest * 4;
    const [colStep, depthStep, rowStep] = [
      blockSize(n, colBlock, tileCols),
      blockSize(depth, depthBlock, 8),
      blockSize(m, mostRows, this.#stripRows),
    ];
    const tableBytes = 'runs' in a ? this.scattered.tableBytes(a, depth, depthStep) : 0;
    thread.withBlock(leftBytes + rightBytes + tableBytes, (right) => {
      const left = right + rightBytes;
      const packed = { left, right };
      const packRows =
        'runs' in a
          ? this.scattered.rows(thread, a, left + leftBytes, depth, depthStep)
          : this.#packingRows(thread, a);
      for (let col = 0; col < n; col += colStep) {
        const cols = Math.min(colStep, n - col);
        for (let from = 0; from < depth; from += depthStep) {
          const count = Math.min(depthStep, depth - from);
          writePanel(right, col, cols, from, count);
          for (let row = 0; row < m; row += rowStep) {
            const rows = Math.min(rowStep, m - row);
            packRows(left, row, rows, from, count);
            const address = out.address + row * out.rowBytes + col * 4;
            const target = { address, rowBytes: out.rowBytes };
            const own = from > 0 ? 'out' : startAt(start, col);
            this.multiplyPacked(thread, { m: rows, n: cols, depth: count }, packed, target, own);
          }
        }
      }
    });
  }

  #packingRows(thread: Thread, { address, rowStride, colStride }: Matrix): PackRows {
    const { packLeft } = thread.functions(this.#code);
    return (to, row, rows, from, count) => {
      const start = address + row * rowStride + from * colStride;
      packLeft(to, start, rows, count, rowStride, colStride, this.#zeros);
    };
  }

  /** Packs columns [first, first + count) of a matrix over ranges of its rows, as vectors of one side of a product. */
  packingColumns(
    thread: Thread,
    operand: Matrix | Scattered,
    side: Side,
    first: number,
    count: number,
  ): PackColumns {
    if ('runs' in operand) return this.scattered.columns(thread, operand, side, first, count);
    return (to, from, depth) => {
      if (side === 'left') this.packLeft(thread, to, operand, { first, count, from, depth });
      else this.packRight(thread, to, operand, { first, count, from, depth });
    };
  }

  /** Packs columns of a matrix [depth, n]: the left operand of a product aᵀ·b. */
  packLeft(thread: Thread, to: number, matrix: Matrix, { first, count, from, depth }: ColumnBlock): void {
    const { address, rowStride, colStride } = matrix;
    const start = address + first * colStride + from * rowStride;
    thread.functions(this.#code).packLeft(to, start, count, depth, colStride, rowStride, this.#zeros);
  }

  /** Packs columns of a matrix [depth, n]: the right operand of a product aᵀ·b. */
  packRight(thread: Thread, to: number, matrix: Matrix, { first, count, from, depth }: ColumnBlock): void {
    const { address, rowStride, colStride } = matrix;
    const start = address + first * colStride + from * rowStride;
    thread.functions(this.#code).packRight(to, start, count, depth, colStride, rowStride, this.#zeros);
  }

  /** out[m, n] from packed panels. */
  multiplyPacked(
    thread: Thread,
    { m, n, depth }: Size,
    { left, right }: Packed,
    { address, rowBytes }: Target,
    start: Start,
  ): void {
    const { multiply } = thread.functions(this.#code);
    if (start === 'out')
      multiply(m, n, depth, left, right, address, rowBytes, address, rowBytes, tileCols * 4);
    else if (start === 'zeros') multiply(m, n, depth, left, right, address, rowBytes, this.#zeros, 0, 0);
    else multiply(m, n, depth, left, right, address, rowBytes, start.bias, 0, tileCols * 4);
  }

  // The vectors of the side that has more of them are read as they lie.
  #multiplyNarrow({ m, n, depth }: Size, a: Matrix, b: Matrix, out: Target, accumulate: boolean): void {
    const sides = [
      { count: m, address: a.address, stride: a.rowStride, outStride: out.rowBytes },
      { count: n, address: b.address, stride: b.colStride, outStride: 4 },
    ] as const;
    const [long, short] = m > n ? sides : ([sides[1], sides[0]] as const);
    const parts = this.#threads.partsOf((m * n * depth) / multipliesPerNs, Math.ceil(long.count / 2));
    this.#threads.split(parts, long.count, 2, (thread, first, count) => {
      thread.withBlock(narrowBytes(short.count, depth), (block) => {
        thread
          .functions(this.#narrow())
          .narrow(
            count,
            short.count,
            depth,
            long.address + first * long.stride,
            long.stride,
            short.address,
            short.stride,
            out.address + first * long.outStride,
            long.outStride,
            short.outStride,
            accumulate ? 1 : 0,
            block,
          );
      });
    });
  }

  #multiplyRow(
    thread: Thread,
    { n, depth }: Size,
    a: Matrix,
    b: Matrix,
    out: Target,
    accumulate: boolean,
  ): void {
    const { dots, combine, clear } = thread.functions(this.#ofRow());
    if (b.rowStride === 4) {
      dots(a.address, b.address, out.address, n, depth, b.colStride, accumulate ? 1 : 0);
      return;
    }
    if (!accumulate) clear(out.address, 4 * n);
    combine(a.address, b.address, out.address, n, depth, b.rowStride);
  }
}

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
