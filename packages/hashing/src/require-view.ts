import { ArgumentError } from './errors.ts';

/** Refuses what no hash of bytes can read, in few bytes of code: a page may take one hash alone. @throws ArgumentError */
export function requireView(operation: string, bytes: unknown, seed: unknown): void {
  if (ArrayBuffer.isView(bytes) && typeof seed === 'number') return;
  throw new ArgumentError({
    operation,
    expected: 'bytes, a Uint8Array, and a number beside them',
    actual: `${Object.prototype.toString.call(bytes)} and ${typeof seed}`,
  });
}
