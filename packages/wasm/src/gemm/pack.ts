import type { Code, Local } from '../assembler/code.ts';
import type { FunctionBuilder, ModuleBuilder } from '../assembler/module-builder.ts';
import { transpose4 } from './transpose.ts';

/** The locals that the three ways of packing a strip share. */
interface Strip {
  readonly made: FunctionBuilder;
  readonly width: number;
  readonly to: Local;
  readonly from: Local;
  readonly depth: Local;
  readonly stride: Local;
  readonly depthStride: Local;
  readonly k: Local;
  readonly source: Local;
}

/**
 * name(to, from, count, depth, stride, depthStride): packs `count` vectors of length `depth`, element (i, k) at
 * `from` + i·stride + k·depthStride (bytes), into strips of `width` interleaved vectors; the last strip is filled up
 * with zeros. Vectors or depth that lie side by side are read four at a time.
 *
 * @param width from 4 to 8
 */
export function packer(module: ModuleBuilder, name: string, width: number): void {
  const made = module.function(name, ['i32', 'i32', 'i32', 'i32', 'i32', 'i32']);
  const { code } = made;
  const [to, from, count, depth, stride, depthStride] = made.arguments as [
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  const [k, source] = made.locals('i32', 2) as [Local, Local];
  const strip: Strip = { made, width, to, from, depth, stride, depthStride, k, source };
  code.while(
    () => code.get(count),
    () => {
      code.get(from).set(source).get(depth).set(k);
      code
        .get(count)
        .i32(width)
        .op('i32.lt_u')
        .if(
          () => {
            partial(strip, count);
            code.i32(0).set(count);
          },
          () => {
            code
              .get(stride)
              .i32(4)
              .op('i32.eq')
              .if(
                () => sideBySide(strip),
                () => interleaved(strip),
              );
            code.increase(count, -width);
            code.get(from, stride).i32(width).op('i32.mul').op('i32.add').set(from);
          },
        );
    },
  );
}

function advance(code: Code, { to, k, width, source, depthStride }: Strip): void {
  code.increase(to, width * 4);
  code.advance(source, depthStride);
  code.increase(k, -1);
}

function partial(strip: Strip, count: Local): void {
  const { made, width, to, stride, k, source } = strip;
  const { code } = made;
  const at = made.local('i32');
  code.while(
    () => code.get(k),
    () => {
      code.get(source).set(at);
      for (let i = 0; i < width; i++) {
        code
          .get(count)
          .i32(i)
          .op('i32.gt_u')
          .if(
            () => {
              code
                .get(to, at)
                .memory('i32.load')
                .memory('i32.store', 4 * i);
              code.advance(at, stride);
            },
            () =>
              void code
                .get(to)
                .i32(0)
                .memory('i32.store', 4 * i),
          );
      }
      advance(code, strip);
    },
  );
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

// Reads four k of each vector at once where they lie side by side, and turns 4 × 4 blocks in registers.
function interleaved(strip: Strip): void {
  const { made, width, to, stride, depthStride, k, source } = strip;
  const { code } = made;
  const rows = made.locals('i32', width);
  rows.forEach((row, i) => {
    if (i === 0) code.get(source).set(row);
    else
      code
        .get(rows[i - 1] as Local, stride)
        .op('i32.add')
        .set(row);
  });
  code
    .get(depthStride)
    .i32(4)
    .op('i32.eq')
    .if(() => {
      code.while(
        () => code.atLeast(k, 4),
        () => {
          const loaded = rows.map((row) => {
            const local = made.local('v128');
            code.get(row).memory('v128.load').set(local);
            return local;
          });
          const zero = made.local('v128');
          const block = (at: number): readonly Local[] => {
            const four = [0, 1, 2, 3].map((i) => loaded[at + i] ?? zero);
            return transpose4(made, code, four as unknown as [Local, Local, Local, Local]);
          };
          const low = block(0);
          const high = block(4);
          for (let step = 0; step < 4; step++) {
            const offset = step * width * 4;
            code.get(to, low[step] as Local).memory('v128.store', offset);
            const rest = high[step] as Local;
            if (width === 8) code.get(to, rest).memory('v128.store', offset + 16);
            else if (width === 6) code.get(to, rest).memoryLane('v128.store64_lane', 0, offset + 16);
            else
              for (let i = 4; i < width; i++)
                code.get(to, rest).memoryLane('v128.store32_lane', i - 4, offset + 4 * i);
          }
          code.increase(to, width * 16);
          for (const row of rows) code.increase(row, 16);
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
        code.advance(row, depthStride);
      });
      advance(code, strip);
    },
  );
}
