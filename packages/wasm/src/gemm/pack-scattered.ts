import type { Local } from '../assembler/code.ts';
import { i32s, type ModuleBuilder } from '../assembler/module-builder.ts';
import { fourColumns, storeStrip } from './strip.ts';

/**
 * packRows(to, rows, count, runs, runCount, zeros): packs `count` rows whose addresses are at `rows`, and of each row
 * the floats of the runs (byte offset and length, a pair of words each), into strips of `width` interleaved rows. The
 * last strip is filled up with zeros, 16 bytes of which are at `zeros`.
 *
 * @param width from 4 to 8
 */
export function rowPacker(module: ModuleBuilder, width: number): void {
  const made = module.function('packRows', ['i32', 'i32', 'i32', 'i32', 'i32', 'i32']);
  const { code } = made;
  const [to, rows, count, runs, runCount, zeros] = made.arguments;
  const [run, left, k] = made.locals('i32', 3);
  const bases = made.locals('i32', width);
  const sources = made.locals('i32', width);
  const masks = made.locals('i32', width);
  const strip = (full: boolean): void => {
    bases.forEach((base, i) => {
      code
        .get(rows)
        .memory('i32.load', 4 * i)
        .set(base);
      if (full) return;
      // Rows that are missing are read from the zeros, which no offset or step moves.
      const isThere = (): void => void code.get(count).i32(i).op('i32.gt_u');
      code.get(base, zeros);
      isThere();
      code.op('select').set(base).i32(-1).i32(0);
      isThere();
      code.op('select').set(masks[i] as Local);
    });
    const step = (i: number, bytes: number): void => {
      code.get(sources[i] as Local).i32(bytes);
      if (!full) code.get(masks[i] as Local).op('i32.and');
      code.op('i32.add').set(sources[i] as Local);
    };
    code.get(runs).set(run).get(runCount).set(left);
    code.repeat(left, () => {
      sources.forEach((source, i) => {
        code.get(bases[i] as Local, run).memory('i32.load');
        if (!full) code.get(masks[i] as Local).op('i32.and');
        code.op('i32.add').set(source);
      });
      code.get(run).memory('i32.load', 4).set(k);
      code.while(
        () => code.atLeast(k, 4),
        () => {
          fourColumns(made, to, sources);
          code.increase(to, width * 16);
          for (let i = 0; i < width; i++) step(i, 16);
          code.increase(k, -4);
        },
      );
      code.repeat(k, () => {
        for (let i = 0; i < width; i++) {
          code
            .get(to, sources[i] as Local)
            .memory('i32.load')
            .memory('i32.store', 4 * i);
          step(i, 4);
        }
        code.increase(to, width * 4);
      });
      code.increase(run, 8);
    });
  };
  code.while(
    () => code.atLeast(count, width),
    () => {
      strip(true);
      code.increase(count, -width);
      code.increase(rows, width * 4);
    },
  );
  code.get(count).if(() => strip(false));
}

/** Runs that a strip of columns may consist of for the fast functions. */
export const mostRuns = 3;

/**
 * Functions that pack one strip of `width` columns over `depth` rows whose addresses are at `rows`:
 *
 * `${name}1` … `${name}3`(to, rows, depth, count, offset 1, …, end 1, …): columns of one, two or three runs; run j lies
 * at byte offset j and ends before column `end j` of the strip, for all but the last, and the offsets of later runs
 * are those of column 0, so that all runs are read alike.
 * `${name}Any`(to, rows, depth, count, offset 0 … offset width − 1): each column at an offset of its own.
 *
 * Columns from `count` on are zeros.
 */
export function columnPackers(module: ModuleBuilder, name: string, width: number): void {
  for (let runs = 1; runs <= mostRuns; runs++) runPacker(module, `${name}${runs}`, width, runs);
  anyPacker(module, `${name}Any`, width);
}

const lanes = [new Int32Array([0, 1, 2, 3]), new Int32Array([4, 5, 6, 7])] as const;

function runPacker(module: ModuleBuilder, name: string, width: number, runs: number): void {
  const made = module.function(
    name,
    Array.from({ length: 4 + 2 * runs - 1 }, () => 'i32' as const),
  );
  const { code } = made;
  const [to, rows, depth, count, ...rest] = made.arguments as [Local, Local, Local, Local, ...Local[]];
  const [offsets, ends] = [rest.slice(0, runs), [...rest.slice(runs), count]];
  const row = made.local('i32');
  const halves = made.locals('v128', 2);
  // Lanes before the end of each run; those of the last run end with the columns.
  const before = ends.map((end) =>
    lanes.map((numbers) => {
      const mask = made.local('v128');
      code.v128(numbers).get(end).op('i32x4.splat').op('i32x4.lt_u').set(mask);
      return mask;
    }),
  );
  code.repeat(depth, () => {
    code.get(rows).memory('i32.load').set(row);
    halves.forEach((half, h) => {
      const load = (j: number): void =>
        void code
          .get(row, offsets[j] as Local)
          .op('i32.add')
          .memory('v128.load', 16 * h);
      load(runs - 1);
      code
        .get(before[runs - 1]?.[h] as Local)
        .op('v128.and')
        .set(half);
      for (let j = runs - 2; j >= 0; j--) {
        load(j);
        code
          .get(half, before[j]?.[h] as Local)
          .op('v128.bitselect')
          .set(half);
      }
    });
    storeStrip(code, width, to, halves, 0);
    code.increase(to, width * 4);
    code.increase(rows, 4);
  });
}

function anyPacker(module: ModuleBuilder, name: string, width: number): void {
  const made = module.function(
    name,
    Array.from({ length: 4 + width }, () => 'i32' as const),
  );
  const { code } = made;
  const [to, rows, depth, count, ...offsets] = made.arguments as [Local, Local, Local, Local, ...Local[]];
  const row = made.local('i32');
  code.repeat(depth, () => {
    code.get(rows).memory('i32.load').set(row);
    offsets.forEach((offset, i) => {
      code.get(to).get(row, offset).op('i32.add').memory('i32.load').i32(0);
      code.get(count).i32(i).op('i32.gt_u').op('select');
      code.memory('i32.store', 4 * i);
    });
    code.increase(to, width * 4);
    code.increase(rows, 4);
  });
}

/**
 * rowAddresses(to, address, extent 0, extent 1, extent 2, stride 0, stride 1, stride 2): writes the address of every
 * element of three nested loops, strides in bytes.
 */
export function rowAddresses(module: ModuleBuilder): void {
  const made = module.function('rowAddresses', i32s(8));
  const { code } = made;
  const [to, address, ...loops] = made.arguments;
  const nest = (axis: number, outer: Local): void => {
    if (axis === 3) {
      code.get(to, outer).memory('i32.store').increase(to, 4);
      return;
    }
    const [here, left] = made.locals('i32', 2);
    code
      .get(outer)
      .set(here)
      .get(loops[axis] as Local)
      .set(left);
    code.repeat(left, () => {
      nest(axis + 1, here);
      code.advance(here, loops[3 + axis] as Local);
    });
  };
  nest(0, address);
}
