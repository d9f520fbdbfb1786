import type { ErrorDetails } from '@funhash/hashing';
import { ReplayError } from '../errors.ts';
import type { Sequence } from '../observation/sequences.ts';

/** An error for a state of a campaign that is damaged. */
export const damagedState = (
  { expected, actual }: Pick<ErrorDetails, 'expected' | 'actual'>,
  options?: ErrorOptions,
): ReplayError =>
  new ReplayError(
    {
      operation: 'rnnTest, a stored state',
      expected,
      actual,
      remedy: 'It is damaged: begin a new campaign.',
    },
    options,
  );

/** Sequence as JSON: its numbers as base64 of their bytes, little endian. */
export interface StoredSequence {
  readonly type: 'f32' | 'i32';
  readonly bytes: string;
  readonly length?: number;
}

export function storedSequence({ values, length }: Sequence): StoredSequence {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  const isFloat = values instanceof Float32Array;
  values.forEach((value, k) => {
    if (isFloat) view.setFloat32(4 * k, value, true);
    else view.setInt32(4 * k, value, true);
  });
  return {
    type: isFloat ? 'f32' : 'i32',
    bytes: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')),
    ...(length !== undefined && { length }),
  };
}

/** @throws ReplayError for damaged text, or another number of values */
export function sequenceFrom(stored: StoredSequence, size: number): Sequence {
  const { type, bytes, length } = (stored ?? {}) as Partial<StoredSequence>;
  const fail = (actual: string): never => {
    throw new ReplayError({ operation: 'stored sequence', expected: `${size} values as base64`, actual });
  };
  if (typeof bytes !== 'string' || (type !== 'f32' && type !== 'i32')) return fail('something else');
  if (bytes.length !== 4 * Math.ceil((size * 4) / 3)) return fail(`${bytes.length} characters`);
  let text = '';
  try {
    text = atob(bytes);
  } catch {
    return fail('text that is no base64');
  }
  if (text.length !== size * 4) return fail(`${text.length} bytes`);
  const view = new DataView(new ArrayBuffer(size * 4));
  for (let k = 0; k < text.length; k++) view.setUint8(k, text.charCodeAt(k));
  const values = type === 'f32' ? new Float32Array(size) : new Int32Array(size);
  for (let k = 0; k < size; k++)
    values[k] = type === 'f32' ? view.getFloat32(4 * k, true) : view.getInt32(4 * k, true);
  if (!values.every(Number.isFinite)) return fail('numbers that are not finite');
  if (length !== undefined && !(Number.isInteger(length) && length >= 1)) return fail(`length ${length}`);
  return length === undefined ? { values } : { values, length };
}
