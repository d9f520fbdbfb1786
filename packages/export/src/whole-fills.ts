import { isContiguous, type PlanView, sizeOf } from '@funhash/tensor';
import type { NetworkBuffer } from './network.ts';
import { type Operation, viewsOf } from './operations.ts';

/**
 * Operations in which a buffer that nothing was written to is filled whole, and no part of it with the same number again: kernels fill
 * but the border of a large image, where exporters know an image among zeros by its fill.
 */
export function withWholeFills(
  operations: readonly Operation[],
  buffers: readonly NetworkBuffer[],
): readonly Operation[] {
  const written = new Set<number>();
  const filled = new Map<number, number>();
  return operations.flatMap((operation) => {
    if (operation.kind === 'fill') {
      const { out, value } = operation;
      const { buffer } = out;
      if (filled.get(buffer) === value) return [];
      if (!written.has(buffer) && !buffers[buffer]?.values) {
        written.add(buffer);
        filled.set(buffer, value);
        return [{ ...operation, out: wholeOf(out, buffers[buffer]?.length ?? 0) }];
      }
    }
    for (const { buffer } of viewsOf(operation).writes) {
      written.add(buffer);
      filled.delete(buffer);
    }
    return [operation];
  });
}

/** A view of all of a buffer, in the extents that the strides of a part of it tell; a row where they tell none. */
function wholeOf(part: PlanView, length: number): PlanView {
  const { strides } = part;
  const shape = strides.map((stride, axis) => (axis === 0 ? length : (strides[axis - 1] as number)) / stride);
  const isWhole =
    shape.every((extent) => Number.isInteger(extent) && extent > 0) &&
    sizeOf(shape) === length &&
    isContiguous(shape, strides);
  return isWhole
    ? { ...part, offset: 0, shape, strides }
    : { ...part, offset: 0, shape: [length], strides: [1] };
}
