import { type Epilogue, type Kernels, sizeOf, type View } from '@funhash/tensor';
import type { Context } from '../context.ts';
import type { Start } from '../gemm/product.ts';
import { addressOf, eachOffset } from '../layout.ts';
import { withContiguous } from './copy.ts';
import { matrixAt, withOperand } from './operand.ts';

export function matmulKernel(context: Context, map: Kernels['map']): Kernels['matmul'] {
  const { gemm, onReference } = context;
  return (a, b, out, epilogue) => {
    if (out.dtype !== 'f32') return onReference('matmul', [a, b, out, epilogue]);
    const rank = out.shape.length;
    const [m, n] = [out.shape[rank - 2] as number, out.shape[rank - 1] as number];
    if (a.shape.length > 2 && b.shape.length === 2) multiplyAxes(context, a, b, out, epilogue);
    else if (rank === 2) {
      const [left, right] = [matrixAt(a), matrixAt(b)];
      const depth = a.shape[1] as number;
      const fromBias = gemm.startsFromBias({ m, n, depth }, left, right);
      const target = { address: addressOf(out), rowBytes: n * 4 };
      withStart(context, epilogue?.bias, fromBias, out, (start) => {
        gemm.multiply({ m, n, depth }, left, right, target, start);
      });
    } else {
      const start = epilogue?.bias ? 'out' : 'zeros';
      if (epilogue?.bias) addRows(context, epilogue.bias, out);
      const strides = [a, b, out].map((view) => view.strides.slice(0, -2));
      const depth = a.shape[rank - 1] as number;
      eachOffset({ extents: out.shape.slice(0, -2), strides }, rank - 2, ([left, right, to]) => {
        const target = { address: addressOf(out) + (to as number) * 4, rowBytes: n * 4 };
        gemm.multiply({ m, n, depth }, matrixAt(a, left), matrixAt(b, right), target, start);
      });
    }
    activate(epilogue, out, map);
  };
}

/** A product with one matrix b, of an operand of several axes. */
function multiplyAxes(context: Context, a: View, b: View, out: View, epilogue: Epilogue | undefined): void {
  const { gemm } = context;
  const rowAxes = out.shape.length - 1;
  const [depth, n] = b.shape as [number, number];
  const m = sizeOf(out.shape.slice(0, rowAxes));
  if (m === 0 || n === 0) return;
  const right = matrixAt(b);
  const target = { address: addressOf(out), rowBytes: n * 4 };
  withOperand(context, a, rowAxes, (left) => {
    const fromBias = gemm.startsFromBias({ m, n, depth }, left, right);
    withStart(context, epilogue?.bias, fromBias, out, (start) => {
      if ('runs' in left) gemm.multiplyScattered({ m, n, depth }, left, right, target, start);
      else gemm.multiply({ m, n, depth }, left, right, target, start);
    });
  });
}

/** Runs `use` with what a product starts from; one that cannot start from the bias finds it in every row of out. */
export function withStart(
  context: Context,
  bias: View | undefined,
  fromBias: boolean,
  out: View,
  use: (start: Start) => void,
): void {
  if (!bias) use('zeros');
  else if (fromBias) withContiguous(context, bias, (whole) => use({ bias: addressOf(whole) }));
  else {
    addRows(context, bias, out);
    use('out');
  }
}

/** Every row of out becomes the bias: a product is then added to it, which costs less than adding it afterwards. */
function addRows({ code }: Context, bias: View, out: View): void {
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
