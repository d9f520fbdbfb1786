import { ArgumentError } from '@funhash/hashing';
import type { Tensor } from '@funhash/tensor';
import type { Floats } from './plain-matrix.ts';

/** The values of a matrix that stored values shall be fitted to. @throws ArgumentError where one is not finite */
export function finiteValues(operation: string, matrix: Tensor): Floats {
  const values = matrix.dataSync();
  const stranger = values.find((value) => !Number.isFinite(value));
  if (stranger !== undefined)
    throw new ArgumentError({
      operation,
      expected: 'a target of finite values',
      actual: String(stranger),
    });
  return values instanceof Float64Array || values instanceof Float32Array
    ? values
    : Float64Array.from(values);
}
