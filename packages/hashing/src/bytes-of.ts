import { ArgumentError } from './errors.ts';
import { shownValue } from './options/check-options.ts';

/**
 * Bytes as a `Uint8Array` on the same memory: those of a Uint8Array (a Buffer, a part of a buffer, shared memory) and of a
 * Uint8ClampedArray, as the pixels of a canvas are, of any realm. Undefined for whatever else. Wherever bytes are treated
 * otherwise than numbers, this says what bytes are.
 */
export function bytesOf(values: unknown): Uint8Array | undefined {
  if (values instanceof Uint8Array) return values;
  if (!ArrayBuffer.isView(values)) return undefined;
  const kind = Object.prototype.toString.call(values);
  return kind === '[object Uint8ClampedArray]' || kind === '[object Uint8Array]'
    ? new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    : undefined;
}

/**
 * The bytes that an operation was given.
 *
 * @param name names them in errors: `pixels`
 * @throws ArgumentError for what is no bytes, with what to give instead
 */
export function requireBytes(operation: string, name: string, values: unknown): Uint8Array {
  const bytes = bytesOf(values);
  if (bytes) return bytes;
  const isBuffer = values instanceof ArrayBuffer;
  const isImage = typeof values === 'object' && values !== null && 'data' in values && bytesOf(values.data);
  const remedy = isBuffer ? 'Give new Uint8Array(buffer).' : isImage ? 'Give its data.' : undefined;
  throw new ArgumentError({
    operation,
    expected: `${name} as bytes, a Uint8Array or Uint8ClampedArray`,
    actual: shownValue(values),
    ...(remedy && { remedy }),
  });
}
