import { ExportError } from './export-error.ts';
import type { Network } from './network.ts';

/** Refuses networks of other numbers than f32 and i32. @throws ExportError */
export function requirePlainTypes(operation: string, { buffers }: Network): void {
  const other = buffers.find(({ dtype }) => dtype !== 'f32' && dtype !== 'i32');
  if (other)
    throw new ExportError({
      operation,
      expected: 'a network of f32',
      actual: other.dtype,
      remedy: 'Bring its parameters to f32 first: useDtype("f32").',
    });
}
