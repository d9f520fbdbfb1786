import type { Code, Local } from '../assembler/code.ts';
import type { FunctionBuilder, ModuleBuilder } from '../assembler/module-builder.ts';
import { type Instructions, multiplyAdd } from './micro-kernel.ts';

/**
 * Products of one row with a matrix, which read the matrix once as it lies: packing would cost more than the product.
 *
 * `dots`(x, b, out, n, depth, stride, accumulate): out[j] = Σ_k x[k]·b[j, k], rows of b `stride` bytes apart.
 * `combine`(x, b, out, n, depth, stride): out[j] += Σ_k x[k]·b[k, j].
 * x and out are contiguous.
 */
export function vectorProducts(module: ModuleBuilder, instructions: Instructions): void {
  dots(module, instructions);
  combine(module, instructions);
}

function dots(module: ModuleBuilder, instructions: Instructions): void {
  const made = module.function('dots', ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32']);
  const { code } = made;
  const [x, b, out, n, depth, stride, accumulate] = made.arguments;
  const [at, left] = made.locals('i32', 2);
  const start = made.local('f32');
  for (const count of [4, 1])
    code.while(
      () => code.atLeast(n, count),
      () => {
        const rows = made.locals('i32', count);
        const sums = rows.map(() => made.locals('v128', 2));
        rows.forEach((row, r) => {
          if (r === 0) code.get(b).set(row);
          else
            code
              .get(rows[r - 1] as Local, stride)
              .op('i32.add')
              .set(row);
        });
        for (const sum of sums.flat()) code.v128(new Float32Array(4)).set(sum);
        code.get(x).set(at).get(depth).set(left);
        const [element, factor] = made.locals('v128', 2);
        const block = (floats: 8 | 1): void => {
          for (let v = 0; v < Math.max(1, floats / 4); v++) {
            const name = floats === 1 ? 'v128.load32_zero' : 'v128.load';
            code
              .get(at)
              .memory(name, 16 * v)
              .set(factor);
            rows.forEach((row, r) => {
              code
                .get(row)
                .memory(name, 16 * v)
                .set(element);
              multiplyAdd(code, instructions, factor, element, sums[r]?.[v] as Local);
            });
          }
          for (const pointer of [at, ...rows]) code.increase(pointer, 4 * floats);
          code.increase(left, -floats);
        };
        for (const floats of [8, 1] as const)
          code.while(
            () => code.atLeast(left, floats),
            () => block(floats),
          );
        sums.forEach(([first, second], r) => {
          code.f32(0).set(start);
          code.get(accumulate).if(
            () =>
              void code
                .get(out)
                .memory('f32.load', 4 * r)
                .set(start),
          );
          code.get(out, start);
          pushSum(made, code, first as Local, second as Local);
          code.op('f32.add').memory('f32.store', 4 * r);
        });
        code.increase(out, 4 * count);
        code.get(b, stride).i32(count).op('i32.mul').op('i32.add').set(b);
        code.increase(n, -count);
      },
    );
}

function combine(module: ModuleBuilder, instructions: Instructions): void {
  const made = module.function('combine', ['i32', 'i32', 'i32', 'i32', 'i32', 'i32']);
  const { code } = made;
  const [x, b, out, n, depth, stride] = made.arguments;
  const [at, left] = made.locals('i32', 2);
  const [sum, element] = made.locals('v128', 2);
  for (const count of [4, 1])
    code.while(
      () => code.atLeast(depth, count),
      () => {
        const rows = made.locals('i32', count);
        const factors = made.locals('v128', count);
        rows.forEach((row, r) => {
          if (r === 0) code.get(b).set(row);
          else
            code
              .get(rows[r - 1] as Local, stride)
              .op('i32.add')
              .set(row);
          code
            .get(x)
            .memory('v128.load32_splat', 4 * r)
            .set(factors[r] as Local);
        });
        code.get(out).set(at).get(n).set(left);
        for (const floats of [4, 1])
          code.while(
            () => code.atLeast(left, floats),
            () => {
              const name = floats === 1 ? 'v128.load32_zero' : 'v128.load';
              code.get(at).memory(name).set(sum);
              rows.forEach((row, r) => {
                code.get(row).memory(name).set(element);
                multiplyAdd(code, instructions, factors[r] as Local, element, sum);
              });
              code.get(at, sum);
              if (floats === 1) code.memoryLane('v128.store32_lane', 0);
              else code.memory('v128.store');
              for (const pointer of [at, ...rows]) code.increase(pointer, 4 * floats);
              code.increase(left, -floats);
            },
          );
        code.increase(x, 4 * count);
        code.get(b, stride).i32(count).op('i32.mul').op('i32.add').set(b);
        code.increase(depth, -count);
      },
    );
}

// The sum of all lanes of two vectors.
function pushSum(made: FunctionBuilder, code: Code, a: Local, b: Local): void {
  const total = made.local('v128');
  code.get(a, b).op('f32x4.add').tee(total);
  code.get(total, total).shuffle(2, 3, 0, 1).op('f32x4.add').tee(total);
  code.get(total, total).shuffle(1, 0, 3, 2).op('f32x4.add').lane('f32x4.extract_lane', 0);
}
