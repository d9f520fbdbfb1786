import { Code } from '../assembler/code.ts';
import type { ModuleBuilder } from '../assembler/module-builder.ts';
import { exp, log } from '../compiler/functions.ts';
import { Constants, Vector } from '../compiler/vector.ts';
import type { Instructions } from '../gemm/micro-kernel.ts';

/** `gatherRows`(to, from, fromStride, index, n, rowBytes): row index[k] of `from` becomes row k of `to`. */
export function gatherRows(module: ModuleBuilder): void {
  const made = module.function('gatherRows', ['i32', 'i32', 'i32', 'i32', 'i32', 'i32']);
  const { code } = made;
  const [to, from, stride, index, n, rowBytes] = made.arguments;
  code.repeat(n, () => {
    code.get(to, from, index).memory('i32.load').get(stride).op('i32.mul').op('i32.add');
    code.get(rowBytes).memoryCopy();
    code.advance(to, rowBytes);
    code.increase(index, 4);
  });
}

/** `outside`(index, n, limit): 1 where an index is below 0 or not below `limit`, else 0. */
export function outsideCode(module: ModuleBuilder): void {
  const made = module.function('outside', ['i32', 'i32', 'i32'], ['i32']);
  const { code } = made;
  const [index, n, limit] = made.arguments;
  const found = made.local('i32');
  code.repeat(n, () => {
    code.get(found, index).memory('i32.load').get(limit).op('i32.ge_u').op('i32.or').set(found);
    code.increase(index, 4);
  });
  code.get(found);
}

/** `addRows`(to, from, index, n, width): row k of `from` is added to row index[k] of `to`; contiguous f32. */
export function addRowsCode(module: ModuleBuilder): void {
  const made = module.function('addRows', ['i32', 'i32', 'i32', 'i32', 'i32']);
  const { code } = made;
  const [to, from, index, n, width] = made.arguments;
  const [at, left] = made.locals('i32', 2);
  code.repeat(n, () => {
    code
      .get(to, index)
      .memory('i32.load')
      .get(width)
      .op('i32.mul')
      .i32(2)
      .op('i32.shl')
      .op('i32.add')
      .set(at);
    code.get(width).set(left);
    code.while(
      () => code.atLeast(left, 4),
      () => {
        code.get(at, at).memory('v128.load').get(from).memory('v128.load');
        code.op('f32x4.add').memory('v128.store');
        for (const pointer of [at, from]) code.increase(pointer, 16);
        code.increase(left, -4);
      },
    );
    code.repeat(left, () => {
      code.get(at, at).memory('f32.load').get(from).memory('f32.load').op('f32.add').memory('f32.store');
      for (const pointer of [at, from]) code.increase(pointer, 4);
    });
    code.increase(index, 4);
  });
}

/** `logSumExp`(x, out, rows, cols): out[row] = m + log Σ exp(x − m), m the largest of the row; contiguous f32. */
export function logSumExpCode(module: ModuleBuilder, instructions: Instructions): void {
  const made = module.function('logSumExp', ['i32', 'i32', 'i32', 'i32']);
  const [x, out, rows, cols] = made.arguments;
  const [at, left] = made.locals('i32', 2);
  const [most, shift, sum, elements] = made.locals('v128', 4);
  const largest = made.local('f32');
  const [head, body] = [new Code(), new Code()];
  const v = new Vector(made, body, instructions, new Constants(made, head));
  const nothing = v.real(Number.NEGATIVE_INFINITY);
  // Elements four at a time; the last few one by one, −∞ beside them: it changes neither maximum nor sum.
  const eachVector = (visit: () => void): void => {
    body.get(x).set(at).get(cols).set(left);
    for (const count of [4, 1])
      body.while(
        () => body.atLeast(left, count),
        () => {
          if (count === 4) body.get(at).memory('v128.load').set(elements);
          else body.get(at, nothing).memoryLane('v128.load32_lane', 0).set(elements);
          visit();
          body.increase(at, 4 * count);
          body.increase(left, -count);
        },
      );
  };
  body.get(nothing).set(most);
  eachVector(() => void body.get(most, elements).op('f32x4.max').set(most));
  for (let lane = 0; lane < 4; lane++) {
    body.get(most).lane('f32x4.extract_lane', lane);
    if (lane > 0) body.op('f32.max');
  }
  body.tee(largest).op('f32x4.splat').set(shift);
  // A row of −∞ or one with +∞ is its own maximum; so is a row with NaN.
  body
    .get(largest, largest)
    .op('f32.sub')
    .f32(0)
    .op('f32.eq')
    .if(
      () => {
        body.get(v.real(0)).set(sum);
        eachVector(() => {
          const powers = exp(v, v.sub(elements, shift));
          body.get(sum, powers).op('f32x4.add').set(sum);
        });
        body.get(out);
        v.pushSum(sum);
        body.op('f32x4.splat').set(elements);
        body.get(log(v, elements)).lane('f32x4.extract_lane', 0);
        body.get(largest).op('f32.add').memory('f32.store');
      },
      () => void body.get(out, largest).memory('f32.store'),
    );
  body.get(x, cols).i32(2).op('i32.shl').op('i32.add').set(x);
  body.increase(out, 4);
  body.increase(rows, -1);
  made.code.append(head).while(
    () => made.code.get(rows),
    () => made.code.append(body),
  );
}
