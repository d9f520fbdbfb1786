import type { Code, Local } from '../assembler/code.ts';
import { type FunctionBuilder, i32s, type ModuleBuilder } from '../assembler/module-builder.ts';
import type { Instructions } from '../gemm/micro-kernel.ts';

/**
 * Products of packed signs. One operand is laid out as a panel: for every four bits of its rows, a byte of each row
 * (a lane). Four bits of a row of the other operand choose one of 16 tables, which says for every value of a lane how
 * many bits differ: an exclusive or and a count of ones in one shuffle of bytes, for 16 rows at a time.
 */

/** Vectors of 16 lanes in the widest panel. */
export const mostVectors = 8;

/** Rows whose products are held at a time: as many as one word of packed signs takes. */
export const blockRows = 32;

/** Bytes of a row that are counted before a lane could overflow: 4 ones in each half of them. */
export const chunkBytes = 31;

/** Words of a row that are counted before the sums, of 16 bits, could overflow. */
export const segmentWords = 2047;

/** The tables of `count`: entry y of table x is the number of bits in which x and y differ. */
export function countTables(): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, at) => {
    let ones = 0;
    for (let rest = (at >> 4) ^ (at & 15); rest > 0; rest >>= 1) ones += rest & 1;
    return ones;
  });
}

export type SignCode = 'packRows' | 'writePanel' | 'spread' | 'dots' | 'toFloats' | `count${number}`;

/** @param tables where `countTables` lie */
export function signCode(module: ModuleBuilder, instructions: Instructions, tables: number): void {
  for (let vectors = 1; vectors <= mostVectors; vectors++) countRows(module, instructions, vectors, tables);
  packRows(module);
  writePanel(module);
  spread(module);
  dots(module);
  toFloats(module);
}

/**
 * `count`V(rows, bytes, from, rowBytes, panel, sums): adds to the sums [rows, 16·V], of 16 bits each, how many bits of
 * the rows at `from` differ from those of each lane, over at most `chunkBytes` bytes.
 */
function countRows(
  module: ModuleBuilder,
  { madd }: Instructions,
  vectors: number,
  tables: number,
): FunctionBuilder {
  const countRow = module.function(undefined, i32s(4));
  const { code } = countRow;
  const [bytes, from, panel, sums] = countRow.arguments;
  const counts = countRow.locals('v128', vectors);
  const table = countRow.local('v128');
  const byte = countRow.local('i32');
  const shuffle = madd ? 'i8x16.relaxed_swizzle' : 'i8x16.swizzle';
  code.repeat(bytes, () => {
    code.get(from).memory('i32.load8_u').set(byte);
    for (const half of [0, 1]) {
      // 16 times the bits: the place of their table.
      if (half === 0) code.get(byte).i32(15).op('i32.and').i32(4).op('i32.shl');
      else code.get(byte).i32(0xf0).op('i32.and');
      code.memory('v128.load', tables).set(table);
      counts.forEach((count, v) => {
        code.get(count, table, panel).memory('v128.load', 16 * (half * vectors + v));
        code.op(shuffle).op('i8x16.add').set(count);
      });
    }
    code.increase(from, 1);
    code.increase(panel, 32 * vectors);
  });
  counts.forEach((count, v) => {
    (['i16x8.extend_low_i8x16_u', 'i16x8.extend_high_i8x16_u'] as const).forEach((extend, half) => {
      const offset = 32 * v + 16 * half;
      code.get(sums, sums).memory('v128.load', offset).get(count).op(extend);
      code.op('i16x8.add').memory('v128.store', offset);
    });
  });

  const made = module.function(`count${vectors}`, i32s(6));
  const [rows, length, row, rowBytes, lanes, to] = made.arguments;
  made.code.repeat(rows, () => {
    made.code.get(length, row, lanes, to).call(countRow.index);
    made.code.advance(row, rowBytes).increase(to, 32 * vectors);
  });
  return made;
}

/** `writePanel`(rows, bytes, from, rowBytes, to, lanes): the rows as lanes of a panel, low bits of a byte first. */
function writePanel(module: ModuleBuilder): void {
  const made = module.function('writePanel', i32s(6));
  const { code } = made;
  const [rows, bytes, from, rowBytes, to, lanes] = made.arguments;
  const [left, at, target, byte] = made.locals('i32', 4);
  code.repeat(rows, () => {
    code.get(bytes).set(left).get(from).set(at).get(to).set(target);
    code.repeat(left, () => {
      code.get(at).memory('i32.load8_u').set(byte);
      code.get(target, byte).i32(15).op('i32.and').memory('i32.store8');
      code.advance(target, lanes);
      code.get(target, byte).i32(4).op('i32.shr_u').memory('i32.store8');
      code.advance(target, lanes).increase(at, 1);
    });
    code.advance(from, rowBytes).increase(to, 1);
  });
}

/** value = value · scale + base − 2 · ones, of an i32 at `to`; `pushOnes` leaves the number of ones. */
function accumulate(code: Code, to: Local, scale: Local, base: Local, pushOnes: () => void): void {
  code.get(to, to).memory('i32.load').get(scale).op('i32.mul').get(base).op('i32.add');
  pushOnes();
  code.i32(1).op('i32.shl').op('i32.sub').memory('i32.store');
}

/** `spread`(lanes, rows, laneBytes, sums, to, base, scale): sums [rows, ·] into products [lanes, `blockRows`], i32. */
function spread(module: ModuleBuilder): void {
  const made = module.function('spread', i32s(7));
  const { code } = made;
  const [lanes, rows, laneBytes, sums, to, base, scale] = made.arguments;
  const [left, at, target] = made.locals('i32', 3);
  code.repeat(lanes, () => {
    code.get(rows).set(left).get(sums).set(at).get(to).set(target);
    code.repeat(left, () => {
      accumulate(code, target, scale, base, () => code.get(at).memory('i32.load16_u'));
      code.advance(at, laneBytes).increase(target, 4);
    });
    code.increase(sums, 2).increase(to, 4 * blockRows);
  });
}

/** `dots`(rows, words, a, b, rowBytes, to, base, scale): products of one row a with rows b, i32 side by side. */
function dots(module: ModuleBuilder): void {
  const made = module.function('dots', i32s(8));
  const { code } = made;
  const [rows, words, a, b, rowBytes, to, base, scale] = made.arguments;
  const [left, x, y, ones] = made.locals('i32', 4);
  const counts = made.local('v128');
  code.repeat(rows, () => {
    code.get(words).set(left).get(a).set(x).get(b).set(y).i32(0).set(ones);
    code.v128(new Int32Array(4)).set(counts);
    code.while(
      () => code.atLeast(left, 4),
      () => {
        code.get(counts, x).memory('v128.load').get(y).memory('v128.load').op('v128.xor');
        code.op('i8x16.popcnt').op('i16x8.extadd_pairwise_i8x16_u').op('i16x8.add').set(counts);
        code.increase(x, 16).increase(y, 16).increase(left, -4);
      },
    );
    code.repeat(left, () => {
      code.get(ones, x).memory('i32.load').get(y).memory('i32.load').op('i32.xor');
      code.op('i32.popcnt').op('i32.add').set(ones);
      code.increase(x, 4).increase(y, 4);
    });
    code.get(counts).op('i32x4.extadd_pairwise_i16x8_u').set(counts);
    accumulate(code, to, scale, base, () => {
      code.get(ones);
      for (let lane = 0; lane < 4; lane++) code.get(counts).lane('i32x4.extract_lane', lane).op('i32.add');
    });
    code.advance(b, rowBytes).increase(to, 4);
  });
}

/** `toFloats`(rows, from, to): rows of `blockRows` words become floats; `to` may be `from`. */
function toFloats(module: ModuleBuilder): void {
  const made = module.function('toFloats', i32s(3));
  const { code } = made;
  const [rows, from, to] = made.arguments;
  code.repeat(rows, () => {
    for (let offset = 0; offset < 4 * blockRows; offset += 16)
      code.get(to, from).memory('v128.load', offset).op('f32x4.convert_i32x4_s').memory('v128.store', offset);
    code.increase(from, 4 * blockRows).increase(to, 4 * blockRows);
  });
}

/**
 * `packRows`(rows, width, x, rowBytes, to, toRowBytes, least, leastStep, below, belowStep): packed signs of rows of
 * floats, by bounds that lie the steps (in bytes) further for every word.
 */
function packRows(module: ModuleBuilder): void {
  const made = module.function('packRows', i32s(10));
  const { code } = made;
  const [rows, width, x, rowBytes, to, toRowBytes, least, leastStep, below, belowStep] =
    made.arguments as Ten<Local>;
  const [left, at, target, from, turned, word, bit] = made.locals('i32', 7);
  const finishWord = (): void => {
    code.get(target, word, turned).memory('i32.load').op('i32.xor').memory('i32.store');
  };
  code.repeat(rows, () => {
    code.get(width).set(left).get(x).set(at).get(to).set(target).get(least).set(from).get(below).set(turned);
    code.while(
      () => code.atLeast(left, 32),
      () => {
        code.i32(0);
        for (let v = 0; v < 8; v++) {
          code
            .get(at)
            .memory('v128.load', 16 * v)
            .get(from)
            .memory('v128.load', 16 * v);
          code
            .op('f32x4.ge')
            .op('i32x4.bitmask')
            .i32(4 * v)
            .op('i32.shl')
            .op('i32.or');
        }
        code.set(word);
        finishWord();
        code.increase(at, 128).increase(target, 4).increase(left, -32);
        code.advance(from, leastStep).advance(turned, belowStep);
      },
    );
    code.get(left).if(() => {
      code.i32(0).set(word).i32(0).set(bit);
      code.repeat(left, () => {
        code.get(word, at).memory('f32.load').get(from).memory('f32.load').op('f32.ge');
        code.get(bit).op('i32.shl').op('i32.or').set(word);
        code.increase(bit, 1).increase(at, 4).increase(from, 4);
      });
      finishWord();
    });
    code.advance(x, rowBytes).advance(to, toRowBytes);
  });
}

type Ten<T> = [T, T, T, T, T, T, T, T, T, T];
