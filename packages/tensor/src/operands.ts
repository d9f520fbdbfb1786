import { requireTensor } from './arguments.ts';
import type { Backend, View } from './backend.ts';
import { type DType, isFloat } from './dtype.ts';
import { BackendError, DTypeError, ShapeError } from './errors.ts';
import { referenceBackend } from './reference/backend.ts';
import { broadcastStrides, type Shape, sameShape, shapeText } from './shape.ts';
import type { Tensor } from './tensor.ts';

/** What kernel calls check of their operands. */

export const describe = (tensors: readonly Tensor[]): string => tensors.map(String).join(' and ');

/** The common backend of operands; those of the reference are moved where others are elsewhere. */
export function backendOf(operation: string, tensors: readonly Tensor[]): Backend {
  const [first] = tensors;
  requireTensor(operation, first);
  const { backend } = first;
  for (const tensor of tensors) {
    requireTensor(operation, tensor);
    if (tensor.backend !== backend) return gathered(operation, tensors);
  }
  return backend;
}

function gathered(operation: string, tensors: readonly Tensor[]): Backend {
  for (const tensor of tensors) requireTensor(operation, tensor);
  const elsewhere = tensors.filter(({ backend }) => backend !== referenceBackend);
  const { backend } = elsewhere[0] as Tensor;
  if (elsewhere.some((tensor) => tensor.backend !== backend))
    throw new BackendError({
      operation,
      expected: 'operands on one backend',
      actual: describe(tensors),
      remedy: 'Choose the backend with useBackend before making tensors.',
    });
  for (const { storage } of tensors) if (storage.backend !== backend) storage.moveTo(backend);
  return backend;
}

export function floatTypeOf(operation: string, tensors: readonly Tensor[]): DType {
  const [first] = tensors;
  requireTensor(operation, first);
  const { dtype } = first;
  let fits = isFloat(dtype);
  for (const tensor of tensors) fits &&= tensor.dtype === dtype;
  if (!fits)
    throw new DTypeError({
      operation,
      expected: 'operands of one floating-point dtype (f32 or f64)',
      actual: describe(tensors),
      remedy: 'Convert with cast.',
    });
  return dtype;
}

export function requireShape(operation: string, tensor: Tensor, expected: Shape, name: string): void {
  requireTensor(operation, tensor, name);
  if (!sameShape(tensor.shape, expected))
    throw new ShapeError({
      operation,
      expected: `${name} of shape ${shapeText(expected)}`,
      actual: shapeText(tensor.shape),
    });
}

export function requireIndex(operation: string, index: Tensor): void {
  requireTensor(operation, index, 'index');
  if (index.dtype !== 'i32' || index.rank !== 1)
    throw new DTypeError({
      operation,
      expected: 'an index of dtype i32 and shape [N]',
      actual: String(index),
    });
}

// A tensor made for one kernel call would keep the storage of `x` alive after its `dispose`.
export function operandOf(x: View, shape: Shape): View {
  if (sameShape(x.shape, shape)) return x;
  const { buffer, dtype, offset } = x;
  return { buffer, dtype, shape, strides: broadcastStrides(x.shape, x.strides, shape), offset };
}
