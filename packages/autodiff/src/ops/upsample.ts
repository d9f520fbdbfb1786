import {
  allocateArray,
  type DType,
  requireRoom,
  requireTensor,
  ShapeError,
  shapeText,
  sizeOf,
  type Tensor,
  tensor,
} from '@funhash/tensor';
import { matmul } from './matmul.ts';
import { broadcastTo, reshape } from './views.ts';
import { type PerAxis, perAxis } from './window-plan.ts';

/**
 * Every element repeated `scale` times along each spatial axis: x [B, ...spatial, C] → [B, ...spatial·scale, C].
 *
 * @param scale a whole number ≥ 1, or one for each spatial axis
 */
export function upsampleNearest(x: Tensor, scale: PerAxis): Tensor {
  requireTensor('upsampleNearest', x);
  const scales = scalesOf('upsampleNearest', x, scale);
  const [batch, channels] = [x.shape[0] as number, x.shape.at(-1) as number];
  const between = (factor: (axis: number) => number): number[] => [
    batch,
    ...x.shape.slice(1, -1).flatMap((extent, axis) => [extent, factor(axis)]),
    channels,
  ];
  const repeated = broadcastTo(
    reshape(
      x,
      between(() => 1),
    ),
    between((axis) => scales[axis] as number),
  );
  return reshape(repeated, outputShape(x, scales));
}

/**
 * Linear interpolation between the centres of elements along each spatial axis, constant beyond the outermost ones:
 * x [B, ...spatial, C] → [B, ...spatial·scale, C]. PyTorch's `bilinear` with `align_corners=False`.
 *
 * @param scale a whole number ≥ 1, or one for each spatial axis
 */
export function upsampleBilinear(x: Tensor, scale: PerAxis): Tensor {
  requireTensor('upsampleBilinear', x);
  const scales = scalesOf('upsampleBilinear', x, scale);
  return scales.reduce((image, factor, axis) => interpolated(image, axis + 1, factor), x);
}

function scalesOf(operation: string, x: Tensor, scale: PerAxis): readonly number[] {
  if (x.rank < 3)
    throw new ShapeError({
      operation,
      expected: 'x of shape [B, ...spatial, C], channels last',
      actual: shapeText(x.shape),
    });
  const scales = perAxis(operation, 'scale', scale, x.rank - 2, 1);
  requireRoom(operation, x.dtype, sizeOf(outputShape(x, scales)));
  return scales;
}

function outputShape(x: Tensor, scales: readonly number[]): number[] {
  return x.shape.map((extent, axis) => extent * (scales[axis - 1] ?? 1));
}

// A product with the matrix of interpolation along one axis.
function interpolated(x: Tensor, axis: number, scale: number): Tensor {
  const extent = x.shape[axis] as number;
  if (scale === 1 || x.size === 0) return reshape(x, x.shape.with(axis, extent * scale));
  const product = (shape: readonly number[]): number => shape.reduce((size, each) => size * each, 1);
  const [outer, inner] = [product(x.shape.slice(0, axis)), product(x.shape.slice(axis + 1))];
  const y = matmul(interpolation(extent, scale, x.dtype), reshape(x, [outer, extent, inner]));
  return reshape(y, x.shape.with(axis, extent * scale));
}

/** [extent·scale, extent]: each row the weights of the two elements next to it. */
function interpolation(extent: number, scale: number, dtype: DType): Tensor {
  const weights = allocateArray(dtype, extent * scale * extent);
  for (let row = 0; row < extent * scale; row++) {
    const at = Math.min(Math.max(0, (row + 0.5) / scale - 0.5), extent - 1);
    const first = Math.floor(at);
    const add = (col: number, weight: number): void => {
      weights[row * extent + col] = (weights[row * extent + col] as number) + weight;
    };
    add(first, 1 - (at - first));
    add(Math.min(first + 1, extent - 1), at - first);
  }
  return tensor(weights, [extent * scale, extent]);
}
