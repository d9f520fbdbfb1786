import { LawError } from '@funhash/hashing/testing';
import type { Backend, Kernels, View } from '../backend.ts';
import { type DType, type FloatDType, isFloat, type TypedArray } from '../dtype.ts';
import type { HostBuffer } from '../reference/views.ts';
import type { KernelName } from '../run-kernel.ts';
import { shapeText } from '../shape.ts';
import { type Operand, onBackend, onHost } from './operand.ts';

/** A backend under test and what it is compared with. */
export interface Bench {
  readonly backend: Backend;
  /** Kernels over host memory that define the right result. */
  readonly oracle: Kernels;
  readonly floats: readonly FloatDType[];
}

/** `exact`: bit for bit, the sign of zero included. `close`: relative to the largest value of the outs. */
type Precision = 'exact' | 'close';

const tolerances: Readonly<Record<FloatDType, number>> = { f32: 1e-5, f64: 1e-10 };

/** One kernel call: its operands, which of them it may write, and how views become arguments. */
export interface Trial<K extends KernelName> {
  readonly kernel: K;
  readonly operands: readonly Operand[];
  /** Positions in `operands` that the kernel writes; all others must stay as they are. */
  readonly outs: readonly number[];
  readonly call: (views: readonly View[]) => Parameters<Kernels[K]>;
  readonly precision?: Precision;
}

/** Runs a kernel of the backend. */
export function invoke<K extends KernelName>(
  backend: Backend,
  kernel: K,
  args: Parameters<Kernels[K]>,
): void {
  // As a method, for kernels that use `this`.
  (backend.kernels as unknown as Record<K, (...args: Parameters<Kernels[K]>) => void>)[kernel](...args);
}

/** Calls a kernel on the backend and on the oracle and compares every buffer, in and outside of the views. */
export async function compare<K extends KernelName>(bench: Bench, trial: Trial<K>): Promise<void> {
  const { backend, oracle } = bench;
  const { kernel, operands, outs, call, precision = 'close' } = trial;
  const wanted = operands.map(onHost);
  (oracle[kernel] as (...args: Parameters<Kernels[K]>) => void)(...call(wanted));
  const views = operands.map((operand) => onBackend(backend, operand));
  try {
    invoke(backend, kernel, call(views));
    const found = await Promise.all(views.map(({ buffer }) => backend.download(buffer)));
    const expected = wanted.map(({ buffer }) => (buffer as HostBuffer).data);
    const largest = Math.max(0, ...outs.map((out) => largestOf(expected[out] as TypedArray)));
    found.forEach((values, k) => {
      const { dtype } = operands[k] as Operand;
      const isOut = outs.includes(k);
      const tolerance =
        isOut && precision === 'close' && isFloat(dtype) ? tolerances[dtype] * largest : undefined;
      const wrong = firstDifference(values, expected[k] as TypedArray, tolerance);
      if (wrong === undefined) return;
      throw new LawError({
        operation: kernel,
        expected: `${expected[k]?.[wrong]} at position ${wrong} of ${isOut ? 'out' : 'operand, left as it was,'} ${k}${tolerance === undefined ? '' : ` within ${tolerance.toPrecision(2)}`}`,
        actual: `${values[wrong]}, for ${operands.map(describe).join('; ')}`,
      });
    });
  } finally {
    for (const { buffer } of views) backend.free(buffer);
  }
}

/** Throws unless the kernel refuses its arguments with an error. */
export function requireRefusal<K extends KernelName>(bench: Bench, trial: Omit<Trial<K>, 'outs'>): void {
  const { backend } = bench;
  const views = trial.operands.map((operand) => onBackend(backend, operand));
  let refused = false;
  try {
    invoke(backend, trial.kernel, trial.call(views));
  } catch {
    refused = true;
  } finally {
    for (const { buffer } of views) backend.free(buffer);
  }
  if (!refused)
    throw new LawError({
      operation: trial.kernel,
      expected: 'an error for an index out of range',
      actual: `none, for ${trial.operands.map(describe).join('; ')}`,
    });
}

function describe({ dtype, shape, strides, offset }: Operand): string {
  return `${dtype} ${shapeText(shape)} strides ${shapeText(strides)} offset ${offset}`;
}

function largestOf(values: ArrayLike<number>): number {
  let largest = 0;
  for (let k = 0; k < values.length; k++) {
    const size = Math.abs(values[k] as number);
    if (size > largest && size < Number.POSITIVE_INFINITY) largest = size;
  }
  return largest;
}

/** The first position where values differ: by bits where there is no tolerance, else by more than it. */
export function firstDifference(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number | undefined,
): number | undefined {
  if (actual.length !== expected.length) return Math.min(actual.length, expected.length);
  for (let k = 0; k < expected.length; k++) {
    const [a, b] = [actual[k] as number, expected[k] as number];
    if (Object.is(a, b)) continue;
    if (tolerance === undefined || !(a === b || Math.abs(a - b) <= tolerance)) return k;
  }
  return undefined;
}

/** Data types that move but do not compute. */
export const everyDType: readonly DType[] = ['f32', 'f64', 'i32', 'u8'];
