import { type Epilogue, type Kernels, sizeOf, type View } from '@funhash/tensor';
import type { Context } from '../context.ts';
import type { Matrix, Target } from '../gemm/gemm.ts';
import { addressOf, eachOffset } from '../layout.ts';
import { withOperand } from './operand.ts';

export function matmulKernel(context: Context, map: Kernels['map']): Kernels['matmul'] {
  const { gemm, onReference } = context;
  return (a, b, out, epilogue) => {
    if (out.dtype !== 'f32') return onReference('matmul', a, b, out, epilogue);
    const rank = out.shape.length;
    const [m, n] = [out.shape[rank - 2] as number, out.shape[rank - 1] as number];
    const depth = a.shape[rank - 1] as number;
    const biased = epilogue?.bias !== undefined;
    if (epilogue?.bias) addRows(context, epilogue.bias, out);
    const multiply = (left: number, right: number, to: number): void => {
      const target: Target = { address: addressOf(out) + to * 4, rowBytes: n * 4 };
      gemm.multiply(m, n, depth, matrixAt(a, left), matrixAt(b, right), target, biased);
    };
    if (a.shape.length === 2) multiply(0, 0, 0);
    else if (b.shape.length === 2) multiplyAxes(context, a, b, out, biased);
    else {
      const strides = [a, b, out].map((view) => view.strides.slice(0, -2));
      eachOffset({ extents: out.shape.slice(0, -2), strides }, rank - 2, ([left, right, to]) => {
        multiply(left as number, right as number, to as number);
      });
    }
    activate(epilogue, out, map);
  };
}

/** A product with one matrix b, of an operand of any number of axes. */
function multiplyAxes(context: Context, a: View, b: View, out: View, accumulate: boolean): void {
  const { gemm } = context;
  const rowAxes = out.shape.length - 1;
  const [depth, n] = b.shape as [number, number];
  const m = sizeOf(out.shape.slice(0, rowAxes));
  const target = { address: addressOf(out), rowBytes: n * 4 };
  if (depth === 0) gemm.multiply(m, n, 0, matrixAt(b), matrixAt(b), target, accumulate);
  else if (m * n > 0)
    withOperand(context, a, rowAxes, (x) => {
      if ('runs' in x) gemm.multiplyScattered(m, n, depth, x, matrixAt(b), target, accumulate);
      else gemm.multiply(m, n, depth, x, matrixAt(b), target, accumulate);
    });
}

export function matrixAt(view: View, elementOffset = 0): Matrix {
  const { strides } = view;
  const [row, col] = [strides[strides.length - 2] as number, strides[strides.length - 1] as number];
  return { address: addressOf(view) + elementOffset * 4, rowStride: row * 4, colStride: col * 4 };
}

/** Every row of out becomes the bias: products are then added to it, which costs less than adding it after them. */
export function addRows({ code }: Context, bias: View, out: View): void {
  const size = sizeOf(out.shape);
  const width = bias.shape[0] as number;
  if (size === 0) return;
  const rowBytes = width * 4;
  const step = (bias.strides[0] as number) * 4;
  code.copy(addressOf(out), addressOf(bias), 1, 1, size / width, width, 0, 0, rowBytes, 4, 0, 0, 0, step);
}

export function activate(epilogue: Epilogue | undefined, out: View, map: Kernels['map']): void {
  if (epilogue?.activation) map(epilogue.activation, [out], [], [out]);
}
