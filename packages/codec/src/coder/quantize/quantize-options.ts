import { ArgumentError, checkOptions, type OptionsOf, option, shownValue } from '@funhash/hashing';
import { levelRules, mostGreaterFlags } from '../levels/level-options.ts';
import { extentsOf, type Scan, toScan } from '../levels/scan.ts';

export const quantizeRules = {
  /** Distance between levels; see `stepOf` for those that the standard can write. */
  step: option.required(option.positive()),
  /** Weight of the rate: 1 is balanced for the squared error, more gives fewer bits and larger errors, 0 counts no bits. Default 1. */
  lambda: option.real({ least: 0 }),
  /** Extents of the tensor, as levels will be coded. Default: one row for each value. */
  shape: levelRules.shape,
  /** Order in which levels will be coded. Default 0, row by row. */
  scan: levelRules.scan,
  /** "Greater" flags that levels will be coded with, 1 to 256. Default 11. */
  greaterFlags: option.integer({ least: 1, most: mostGreaterFlags }),
  /** Whether levels are those of the standard's reference coder, whose estimates of bits are worse. Default false. */
  reference: option.flag(),
} as const;

/** How values are quantised; see the fields. */
export type QuantizeOptions = OptionsOf<typeof quantizeRules>;

/** Options with their defaults, and values in the order of the scan. */
export interface Task {
  readonly values: Float32Array | Float64Array;
  readonly step: number;
  readonly lambda: number;
  /** "Greater" flags of the model of rates: the reference has one fewer, though not than 0. */
  readonly modelFlags: number;
  readonly reference: boolean;
  readonly shape: readonly number[];
  readonly scan: Scan;
}

/**
 * @param most the largest level
 * @throws ArgumentError for values that are not finite, or whose levels would be larger
 */
export function taskOf(
  operation: string,
  values: Float32Array | Float64Array,
  options: QuantizeOptions,
  most: number,
): Task {
  checkOptions(operation, quantizeRules, options);
  if (!(values instanceof Float32Array || values instanceof Float64Array))
    throw new ArgumentError({
      operation,
      expected: 'values in a Float32Array or Float64Array',
      actual: shownValue(values),
    });
  const { step, lambda = 1, scan = 0, greaterFlags = 11, reference = false } = options;
  const { shape = [values.length] } = options;
  const count = shape.reduce((a, b) => a * b, 1);
  if (count !== values.length)
    throw new ArgumentError({
      operation,
      expected: `${count} values of shape [${shape.join(', ')}]`,
      actual: String(values.length),
    });
  for (let i = 0; i < values.length; i++)
    if (!(Math.abs(values[i] as number) <= step * most))
      throw beyond(operation, values[i] as number, i, most);
  return {
    values: toScan(values, extentsOf(shape), scan),
    step,
    lambda,
    modelFlags: reference ? greaterFlags - 1 : greaterFlags,
    reference,
    shape,
    scan,
  };
}

function beyond(operation: string, value: number, index: number, most: number): ArgumentError {
  const isReal = Number.isFinite(value);
  return new ArgumentError({
    operation,
    expected: isReal ? `values of up to ${most} steps` : 'finite values',
    actual: `${value} at index ${index}`,
    ...(isReal && { remedy: `Take a step of at least ${(Math.abs(value) / most).toPrecision(3)}.` }),
  });
}
