import type { Code, Local } from '../assembler/code.ts';
import { i32s, type ModuleBuilder } from '../assembler/module-builder.ts';
import type { Instructions } from '../gemm/micro-kernel.ts';

/**
 * Products of packed signs. One operand is laid out as strips of a panel: for every four bits of its rows, a byte of
 * each row (a lane). Four bits of a row of the other operand choose one of 16 tables, which says for every value of a
 * lane how many bits differ: an exclusive or and a count of ones in one shuffle of bytes, for 16 rows at a time.
 * Engines have no vector count of ones on x86: theirs takes more instructions for half the bits.
 */

/** Lanes of a strip. */
export const stripLanes = 32;

/** Rows whose products are held at a time: as many as one word of packed signs takes. */
export const blockRows = 32;

/** Words of a row that are counted before a lane could overflow: 4 ones in each of their 8 parts of four bits. */
export const chunkWords = 7;

/** Bytes of the table places of a chunk of one row. */
const chunkPlaces = 8 * chunkWords;

/** Bytes of `places` for a block. */
export const placesBytes = blockRows * chunkPlaces;

/** Bytes of a strip for each word of its rows. */
export const stripWordBytes = 8 * stripLanes;

/**
 * Rows of the other operand that are counted together. With two vectors of counts for each, and no more than four bits
 * in a turn of the loop, all stays in registers (V8 of Node 20): 40 to 50 % faster than one row with eight vectors.
 */
export const tileRows = 4;

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

export type SignCode =
  | 'packRows'
  | 'writeStrip'
  | 'writePlaces'
  | 'spread'
  | 'dots'
  | 'toFloats'
  | 'count1'
  | 'count2';

/** @param tables where `countTables` lie */
export function signCode(module: ModuleBuilder, instructions: Instructions, tables: number): void {
  for (const vectors of [1, 2] as const) countRows(module, instructions, vectors, tables);
  packRows(module);
  writeStrip(module);
  writePlaces(module);
  spread(module);
  dots(module);
  toFloats(module);
}

/**
 * `count`V(tiles, places, end, strip, sums, rowBytes): adds to the sums [rows, ·], of 16 bits each, how many bits of the
 * rows at `places` differ from those of each of the first 16·V lanes of the strip, from `strip` to `end`: at most a
 * chunk.
 */
function countRows(module: ModuleBuilder, { madd }: Instructions, vectors: 1 | 2, tables: number): void {
  const countTile = module.function(undefined, i32s(5));
  const { code } = countTile;
  const [places, end, strip, sums, rowBytes] = countTile.arguments;
  const tile = Array.from({ length: tileRows }, () => ({
    table: countTile.local('v128'),
    counts: countTile.locals('v128', vectors),
  }));
  const lanes = countTile.local('v128');
  const shuffle = madd ? 'i8x16.relaxed_swizzle' : 'i8x16.swizzle';
  code.while(
    () => code.get(strip, end).op('i32.lt_u'),
    () => {
      tile.forEach(({ table }, row) => {
        code.get(places).memory('i32.load8_u', chunkPlaces * row);
        code.memory('v128.load', tables).set(table);
      });
      for (let v = 0; v < vectors; v++) {
        code
          .get(strip)
          .memory('v128.load', 16 * v)
          .set(lanes);
        for (const { table, counts } of tile) {
          const count = counts[v] as Local;
          code.get(count, table, lanes).op(shuffle).op('i8x16.add').set(count);
        }
      }
      code.increase(places, 1).increase(strip, stripLanes);
    },
  );
  for (const { counts } of tile) {
    counts.forEach((count, v) => {
      (['i16x8.extend_low_i8x16_u', 'i16x8.extend_high_i8x16_u'] as const).forEach((extend, half) => {
        const offset = 32 * v + 16 * half;
        code.get(sums, sums).memory('v128.load', offset).get(count).op(extend);
        code.op('i16x8.add').memory('v128.store', offset);
      });
    });
    code.advance(sums, rowBytes);
  }

  const made = module.function(`count${vectors}`, i32s(6));
  const [tiles, from, to, lanesFrom, into, step] = made.arguments;
  made.code.repeat(tiles, () => {
    made.code.get(from, to, lanesFrom, into, step).call(countTile.index);
    made.code.increase(from, tileRows * chunkPlaces);
    for (let row = 0; row < tileRows; row++) made.code.advance(into, step);
  });
}

/** `writeStrip`(rows, words, from, rowBytes, to): at most `stripLanes` rows as lanes, the low halves of a word's bytes first. */
function writeStrip(module: ModuleBuilder): void {
  const made = module.function('writeStrip', i32s(5));
  const { code } = made;
  const [rows, words, from, rowBytes, to] = made.arguments;
  const [left, at, target, word] = made.locals('i32', 4);
  code.repeat(rows, () => {
    code.get(words).set(left).get(from).set(at).get(to).set(target);
    code.repeat(left, () => {
      code.get(at).memory('i32.load').set(word);
      for (const half of [0, 1])
        for (let byte = 0; byte < 4; byte++) {
          code.get(target, word);
          if (byte + half > 0) code.i32(8 * byte + 4 * half).op('i32.shr_u');
          code
            .i32(15)
            .op('i32.and')
            .memory('i32.store8', stripLanes * (4 * half + byte));
        }
      code.increase(target, stripWordBytes).increase(at, 4);
    });
    code.advance(from, rowBytes).increase(to, 1);
  });
}

/**
 * `writePlaces`(rows, words, from, rowBytes, to): for every four bits of a chunk, in the order of `writeStrip`, the place
 * of their table: 16 times the bits.
 */
function writePlaces(module: ModuleBuilder): void {
  const made = module.function('writePlaces', i32s(5));
  const { code } = made;
  const [rows, words, from, rowBytes, to] = made.arguments;
  const [left, at, target, word] = made.locals('i32', 4);
  const highHalves = 0xf0f0f0f0 | 0;
  code.repeat(rows, () => {
    code.get(words).set(left).get(from).set(at).get(to).set(target);
    code.repeat(left, () => {
      code.get(at).memory('i32.load').set(word);
      code.get(target, word).i32(4).op('i32.shl').i32(highHalves).op('i32.and').memory('i32.store');
      code.get(target, word).i32(highHalves).op('i32.and').memory('i32.store', 4);
      code.increase(target, 8).increase(at, 4);
    });
    code.advance(from, rowBytes).increase(to, chunkPlaces);
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
  const [left, at, target, from, flips, word, bit] = made.locals('i32', 7);
  const finishWord = (): void => {
    code.get(target, word, flips).memory('i32.load').op('i32.xor').memory('i32.store');
  };
  code.repeat(rows, () => {
    code.get(width).set(left).get(x).set(at).get(to).set(target).get(least).set(from).get(below).set(flips);
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
        code.advance(from, leastStep).advance(flips, belowStep);
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
