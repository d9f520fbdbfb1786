import type { Epilogue, Kernels, View } from '@funhash/tensor';
import type { Context } from '../context.ts';
import type { Matrix, Target } from '../gemm/gemm.ts';
import { addressOf, eachOffset } from '../layout.ts';
import { copyWords } from './copy.ts';

export function matmulKernel(context: Context, map: Kernels['map']): Kernels['matmul'] {
  const { gemm, onReference } = context;
  return (a, b, out, epilogue) => {
    if (out.dtype !== 'f32') return onReference('matmul', a, b, out, epilogue);
    const rank = out.shape.length;
    const [m, n] = out.shape.slice(-2) as [number, number];
    const depth = a.shape[rank - 1] as number;
    const lead = out.shape.slice(0, -2);
    const strides = [a, b, out].map((view) => view.strides.slice(0, -2));
    if (epilogue?.bias) addRows(context, epilogue.bias, out);
    eachOffset({ extents: lead, strides }, lead.length, ([left, right, to]) => {
      const target: Target = { address: addressOf(out) + (to as number) * 4, rowBytes: n * 4 };
      gemm.multiply(
        m,
        n,
        depth,
        matrixAt(a, left as number),
        matrixAt(b, right as number),
        target,
        !!epilogue?.bias,
      );
    });
    activate(epilogue, out, map);
  };
}

export function matrixAt(view: View, elementOffset = 0): Matrix {
  const [row, col] = view.strides.slice(-2) as [number, number];
  return { address: addressOf(view) + elementOffset * 4, rowStride: row * 4, colStride: col * 4 };
}

/** Every row of out becomes the bias: products are then added to it, which costs less than adding it after them. */
export function addRows({ code }: Context, bias: View, out: View): void {
  const strides = out.shape.map((_, axis) =>
    axis === out.shape.length - 1 ? (bias.strides[0] as number) : 0,
  );
  const { buffer, dtype, offset } = bias;
  copyWords(code.copy, { buffer, dtype, shape: out.shape, strides, offset }, out);
}

export function activate(epilogue: Epilogue | undefined, out: View, map: Kernels['map']): void {
  if (epilogue?.activation) map(epilogue.activation, [out], [], [out]);
}
