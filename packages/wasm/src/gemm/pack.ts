import type { Code, Local } from '../assembler/code.ts';
import type { FunctionBuilder, ModuleBuilder } from '../assembler/module-builder.ts';
import { fourColumns } from './strip.ts';

/** The locals that the ways of packing a strip share. */
interface Strip {
  readonly made: FunctionBuilder;
  readonly width: number;
  readonly to: Local;
  readonly count: Local;
  readonly depth: Local;
  readonly stride: Local;
  readonly depthStride: Local;
  readonly zeros: Local;
  readonly k: Local;
  readonly source: Local;
}

/**
 * name(to, from, count, depth, stride, depthStride, zeros): packs `count` vectors of length `depth`, element (i, k) at
 * `from` + i·stride + k·depthStride (bytes), into strips of `width` interleaved vectors; the last strip is filled up
 * with zeros, 16 bytes of which are at `zeros`. Vectors or depth that lie side by side are read four at a time.
 *
 * @param width from 4 to 8
 */
export function packer(module: ModuleBuilder, name: string, width: number): void {
  const made = module.function(name, ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32']);
  const { code } = made;
  const [to, from, count, depth, stride, depthStride, zeros] = made.arguments;
  const [k, source] = made.locals('i32', 2);
  const strip: Strip = { made, width, to, count, depth, stride, depthStride, zeros, k, source };
  const start = (): void => void code.get(from).set(source).get(depth).set(k);
  code.while(
    () => code.atLeast(count, width),
    () => {
      start();
      code
        .get(stride)
        .i32(4)
        .op('i32.eq')
        .if(
          () => sideBySide(strip),
          () => interleaved(strip, true),
        );
      code.increase(count, -width);
      code.get(from, stride).i32(width).op('i32.mul').op('i32.add').set(from);
    },
  );
  code.get(count).if(() => {
    start();
    interleaved(strip, false);
  });
}

function advance(code: Code, { to, k, width, source, depthStride }: Strip): void {
  code.increase(to, width * 4);
  code.advance(source, depthStride);
  code.increase(k, -1);
}

function sideBySide(strip: Strip): void {
  const { made, width, to, k, source } = strip;
  const { code } = made;
  code.while(
    () => code.get(k),
    () => {
      code.get(to, source).memory('v128.load').memory('v128.store');
      if (width === 8) code.get(to, source).memory('v128.load', 16).memory('v128.store', 16);
      else for (let i = 4; i < width; i++) copyWord(code, to, source, 4 * i);
      advance(code, strip);
    },
  );
}

function copyWord(code: Code, to: Local, from: Local, offset: number): void {
  code.get(to, from).memory('i32.load', offset).memory('i32.store', offset);
}

// Reads four k of each vector at once where they lie side by side, and turns 4 × 4 blocks in registers. In a strip
// that is not full, the vectors that are missing are read from the zeros, which their pointers never leave.
function interleaved(strip: Strip, full: boolean): void {
  const { made, width, to, count, stride, depthStride, zeros, k, source } = strip;
  const { code } = made;
  const rows = made.locals('i32', width);
  const steps = rows.map(() => (full ? depthStride : made.local('i32')));
  rows.forEach((row, i) => {
    code.get(source).set(row).advance(source, stride);
    if (full) return;
    const select = (zero: () => void): void => {
      zero();
      code.get(count).i32(i).op('i32.gt_u').op('select');
    };
    code.get(row);
    select(() => code.get(zeros));
    code.set(row).get(depthStride);
    select(() => code.i32(0));
    code.set(steps[i] as Local);
  });
  code
    .get(depthStride)
    .i32(4)
    .op('i32.eq')
    .if(() => {
      code.while(
        () => code.atLeast(k, 4),
        () => {
          fourColumns(made, to, rows);
          code.increase(to, width * 16);
          rows.forEach((row, i) => {
            if (full) code.increase(row, 16);
            else
              code
                .get(row, steps[i] as Local)
                .i32(2)
                .op('i32.shl')
                .op('i32.add')
                .set(row);
          });
          code.increase(k, -4);
        },
      );
    });
  code.while(
    () => code.get(k),
    () => {
      rows.forEach((row, i) => {
        code
          .get(to, row)
          .memory('i32.load')
          .memory('i32.store', 4 * i);
        code.advance(row, steps[i] as Local);
      });
      code.increase(to, width * 4);
      code.increase(k, -1);
    },
  );
}
