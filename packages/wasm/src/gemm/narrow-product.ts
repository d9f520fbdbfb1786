import type { Code, Local } from '../assembler/code.ts';
import { type FunctionBuilder, i32s, type ModuleBuilder } from '../assembler/module-builder.ts';
import { type Instructions, multiplyAdd } from './micro-kernel.ts';

// More accumulators than two rows of four vectors, or more pointers, V8 of Node 20 and 22 would spill.
const tileRows = 2;
const tileCols = 4;

/** Bytes of the block that `narrow` needs, for a right operand of n columns. */
export function narrowBytes(n: number, depth: number): number {
  return n * Math.floor(depth / 4) * 16 + tileRows * tileCols * 16;
}

/**
 * `narrow`(m, n, depth, a, aStride, b, bStride, c, rowStride, colStride, accumulate, block): c[i, j] = Σ_k a[i, k]·b[j, k]
 * for few j, where the elements of a row of a, and of one of b, lie side by side: a is read as it lies, because packing
 * it would cost as much as the product. Strides in bytes; m and n are not 0.
 */
export function narrowProduct(module: ModuleBuilder, instructions: Instructions): void {
  const pack = packVectors(module);
  const tiles = Array.from({ length: tileRows }, (_, r) =>
    Array.from({ length: tileCols }, (_, c) => tileKernel(module, instructions, r + 1, c + 1)),
  );
  const finish = finishTile(module);
  const made = module.function('narrow', i32s(12));
  const { code } = made;
  const [m, n, depth, a, aStride, b, bStride, c, rowStride, colStride, accumulate, block] =
    made.arguments as Locals12;
  const [rows, cols, left, groups, packed, columns, to, blocks] = made.locals('i32', 8);
  // Columns in groups of nearly equal size, at most four.
  const eachGroup = (visit: () => void): void => {
    code
      .get(n)
      .tee(left)
      .i32(tileCols - 1)
      .op('i32.add')
      .i32(tileCols)
      .op('i32.div_u')
      .set(groups);
    code
      .get(block)
      .i32(tileRows * tileCols * 16)
      .op('i32.add')
      .set(packed)
      .get(b)
      .set(columns);
    code.repeat(groups, () => {
      code.get(left, groups).op('i32.add').i32(1).op('i32.sub').get(groups).op('i32.div_u').set(cols);
      visit();
      code.get(left, cols).op('i32.sub').set(left);
      code.get(packed, cols, blocks).op('i32.mul').i32(4).op('i32.shl').op('i32.add').set(packed);
      code.get(columns, cols, bStride).op('i32.mul').op('i32.add').set(columns);
    });
  };
  const choose = (local: Local, most: number, visit: (value: number) => void): void => {
    if (most === 1) visit(1);
    else
      code
        .get(local)
        .i32(most)
        .op('i32.eq')
        .if(
          () => visit(most),
          () => choose(local, most - 1, visit),
        );
  };
  code.get(depth).i32(2).op('i32.shr_u').set(blocks);
  eachGroup(() => void code.get(packed, columns, cols, blocks, bStride).call(pack.index));
  code.while(
    () => code.get(m),
    () => {
      code.i32(tileRows).get(m, m).i32(tileRows).op('i32.gt_u').op('select').set(rows);
      code.get(c).set(to);
      eachGroup(() => {
        choose(rows, tileRows, (r) =>
          choose(cols, tileCols, (count) => {
            const tile = tiles[r - 1]?.[count - 1] as FunctionBuilder;
            code.get(blocks, a, aStride, packed, block).call(tile.index);
          }),
        );
        code.get(rows, cols, depth, a, aStride, columns, bStride, to, rowStride, colStride);
        code.get(accumulate, block).call(finish.index);
        code.get(to, cols, colStride).op('i32.mul').op('i32.add').set(to);
      });
      code.get(a, rows, aStride).op('i32.mul').op('i32.add').set(a);
      code.get(c, rows, rowStride).op('i32.mul').op('i32.add').set(c);
      code.get(m, rows).op('i32.sub').set(m);
    },
  );
}

type Locals12 = [Local, Local, Local, Local, Local, Local, Local, Local, Local, Local, Local, Local];

// pack(to, from, count, blocks, stride): interleaves `count` vectors, four elements of each at a time.
function packVectors(module: ModuleBuilder): FunctionBuilder {
  const made = module.function(undefined, ['i32', 'i32', 'i32', 'i32', 'i32']);
  const { code } = made;
  const [to, from, count, blocks, stride] = made.arguments;
  const [left, source] = made.locals('i32', 2);
  code.repeat(blocks, () => {
    code.get(count).set(left).get(from).set(source);
    code.repeat(left, () => {
      code.get(to, source).memory('v128.load').memory('v128.store');
      code.increase(to, 16);
      code.advance(source, stride);
    });
    code.increase(from, 16);
  });
  return made;
}

// tile(blocks, a, aStride, b, out): of rows × cols sums over whole blocks of four k, four partial sums each.
function tileKernel(
  module: ModuleBuilder,
  instructions: Instructions,
  rows: number,
  cols: number,
): FunctionBuilder {
  const made = module.function(undefined, ['i32', 'i32', 'i32', 'i32', 'i32']);
  const { code } = made;
  const [blocks, a, aStride, b, out] = made.arguments;
  const sums = Array.from({ length: rows }, () => made.locals('v128', cols));
  const pointers = [a, ...made.locals('i32', rows - 1)];
  const left = made.locals('v128', rows);
  const right = made.local('v128');
  pointers.forEach((pointer, i) => {
    if (i > 0)
      code
        .get(pointers[i - 1] as Local, aStride)
        .op('i32.add')
        .set(pointer);
  });
  for (const sum of sums.flat()) code.v128(new Float32Array(4)).set(sum);
  code.repeat(blocks, () => {
    left.forEach(
      (local, i) =>
        void code
          .get(pointers[i] as Local)
          .memory('v128.load')
          .set(local),
    );
    for (let j = 0; j < cols; j++) {
      code
        .get(b)
        .memory('v128.load', 16 * j)
        .set(right);
      sums.forEach((row, i) => {
        multiplyAdd(code, instructions, left[i] as Local, right, row[j] as Local);
      });
    }
    for (const pointer of pointers) code.increase(pointer, 16);
    code.increase(b, 16 * cols);
  });
  sums.forEach((row, i) => {
    row.forEach((sum, j) => void code.get(out, sum).memory('v128.store', 16 * (i * cols + j)));
  });
  return made;
}

// finish(rows, cols, depth, a, aStride, b, bStride, c, rowStride, colStride, accumulate, sums): adds the partial sums,
// and the products of the last k that are no whole block.
function finishTile(module: ModuleBuilder): FunctionBuilder {
  const made = module.function(undefined, i32s(12));
  const { code } = made;
  const [rows, cols, depth, a, aStride, b, bStride, c, rowStride, colStride, accumulate, sums] =
    made.arguments as Locals12;
  const [i, j, k, to, right, x, y] = made.locals('i32', 7);
  const sum = made.local('v128');
  const total = made.local('f32');
  code.get(rows).set(i);
  code.repeat(i, () => {
    code.get(cols).set(j).get(c).set(to).get(b).set(right);
    code.repeat(j, () => {
      code
        .f32(0)
        .set(total)
        .get(accumulate)
        .if(() => void code.get(to).memory('f32.load').set(total));
      code.get(sums).memory('v128.load').tee(sum);
      pushLanes(code, sum);
      code.get(total).op('f32.add').set(total);
      const last = (row: Local): void =>
        void code.get(row, depth).i32(-4).op('i32.and').i32(2).op('i32.shl').op('i32.add');
      code
        .get(depth)
        .i32(3)
        .op('i32.and')
        .tee(k)
        .if(() => {
          last(a);
          code.set(x);
          last(right);
          code.set(y);
          code.repeat(k, () => {
            code
              .get(x)
              .memory('f32.load')
              .get(y)
              .memory('f32.load')
              .op('f32.mul')
              .get(total)
              .op('f32.add')
              .set(total);
            for (const pointer of [x, y]) code.increase(pointer, 4);
          });
        });
      code.get(to, total).memory('f32.store');
      code.increase(sums, 16);
      code.advance(to, colStride);
      code.advance(right, bStride);
    });
    code.advance(a, aStride);
    code.advance(c, rowStride);
  });
  return made;
}

// Takes a vector, which is also in `copy`, from the stack; leaves the sum of its lanes.
function pushLanes(code: Code, copy: Local): void {
  code.get(copy).shuffle(2, 3, 0, 1).get(copy).op('f32x4.add').tee(copy);
  code.get(copy).shuffle(1, 0, 3, 2).get(copy).op('f32x4.add').lane('f32x4.extract_lane', 0);
}
