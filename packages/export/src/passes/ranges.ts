import { sizeOf, type TypedArray } from '@funhash/tensor';
import { ExportError } from '../export-error.ts';
import type { Network } from '../network.ts';
import { evaluate } from './fold.ts';

/** Beyond, 16 bits leave nothing of numbers beside these. */
const mostRange = 2 ** 20;

/**
 * The largest finite magnitude of reals that each buffer holds that is written, and the input: over samples, one behind the other.
 *
 * @throws ExportError where a magnitude is one of a mask rather than of a number
 */
export function rangesOn(network: Network, samples: ArrayLike<number>): ReadonlyMap<number, number> {
  const { buffers, calls, input } = network;
  const ranges = new Map<number, number>();
  const size = sizeOf(input.shape);
  const numbers = input.dtype === 'i32' ? Int32Array : Float32Array;
  const note = (buffer: number, values: TypedArray): void => {
    if (buffers[buffer]?.dtype !== 'f32') return;
    let most = ranges.get(buffer) ?? 0;
    for (const value of values) if (Number.isFinite(value)) most = Math.max(most, Math.abs(value));
    ranges.set(buffer, most);
  };
  for (let from = 0; from + size <= samples.length; from += size) {
    const values = new Map<number, TypedArray>();
    buffers.forEach((buffer, number) => {
      if (buffer.values) values.set(number, buffer.values);
    });
    values.set(
      input.buffer,
      numbers.from(Array.from({ length: size }, (_, k) => samples[from + k] as number)),
    );
    note(input.buffer, values.get(input.buffer) as TypedArray);
    for (const call of calls)
      for (const buffer of evaluate(network, call, values)) note(buffer, values.get(buffer) as TypedArray);
  }
  for (const most of ranges.values())
    if (most > mostRange)
      throw new ExportError({
        operation: 'toC',
        expected: `numbers up to ${mostRange} for whole ones of 16 bits`,
        actual: `${most.toPrecision(3)}, such as a mask of attention has`,
        remedy: "Export it with numbers: 'f32'.",
      });
  return ranges;
}
