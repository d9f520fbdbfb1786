// A kernel beside those of the backend, in the same memory: this reaches into the source, as no package offers it.
import type { Backend, Kernels } from '@funhash/tensor';
import { i32s, ModuleBuilder } from '../../packages/wasm/src/assembler/module-builder.ts';
import { backendOn, type WasmBackend } from '../../packages/wasm/src/backend.ts';
import { addressOf } from '../../packages/wasm/src/layout.ts';
import { LinearMemory } from '../../packages/wasm/src/memory/linear-memory.ts';
import { enableRelaxedSimd } from '../../packages/wasm/src/relaxed-simd.ts';
import { Threads } from '../../packages/wasm/src/threads/threads.ts';

/**
 * The backend with the f32 matrix product that Courbariaux et al. 2016, arXiv:1602.02830, compare theirs with: three
 * loops, a sum in a register, no tiles, no vectors.
 */
export function naiveBackend(): { readonly backend: WasmBackend; wrap(backend: Backend): Backend } {
  const memory = new LinearMemory(false);
  const backend = backendOn(new Threads(memory), { madd: enableRelaxedSimd() });
  const module = new ModuleBuilder();
  naiveProduct(module);
  const { product } = module.instantiate<'product'>(memory.memory);
  const matmul: Kernels['matmul'] = (a, b, out, epilogue) => {
    if (epilogue || out.dtype !== 'f32' || out.shape.length !== 2)
      throw new Error('not offered by the naive product');
    const [m, n] = out.shape as [number, number];
    const [aRow, aCol] = a.strides.map((stride) => 4 * stride) as [number, number];
    const [bRow, bCol] = b.strides.map((stride) => 4 * stride) as [number, number];
    const depth = a.shape[1] as number;
    product(m, n, depth, addressOf(a), aRow, aCol, addressOf(b), bRow, bCol, addressOf(out));
  };
  return { backend, wrap: (whole) => ({ ...whole, kernels: { ...whole.kernels, matmul } }) };
}

/** `product`(m, n, k, a, aRow, aCol, b, bRow, bCol, c): c [m, n] = a · b, strides in bytes. */
function naiveProduct(module: ModuleBuilder): void {
  const made = module.function('product', i32s(10));
  const { code } = made;
  const [m, n, k, a, aRow, aCol, b, bRow, bCol, c] = made.arguments;
  const [cols, depth, right, x, y] = made.locals('i32', 5);
  const sum = made.local('f32');
  code.repeat(m, () => {
    code.get(n).set(cols).get(b).set(right);
    code.repeat(cols, () => {
      code.get(k).set(depth).get(a).set(x).get(right).set(y).f32(0).set(sum);
      code.repeat(depth, () => {
        code.get(sum, x).memory('f32.load').get(y).memory('f32.load').op('f32.mul').op('f32.add').set(sum);
        code.advance(x, aCol).advance(y, bRow);
      });
      code.get(c, sum).memory('f32.store').increase(c, 4).advance(right, bCol);
    });
    code.advance(a, aRow);
  });
}
