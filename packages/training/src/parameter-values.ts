import type { Parameter } from '@funhash/space';
import { assign, sameShape, scope, shapeText, tensor } from '@funhash/tensor';
import { CheckpointError } from './errors.ts';
import type { NumericArray } from './optimizer.ts';

/** Copies of the values of parameters. */
export async function valuesOf(
  parameters: ReadonlyMap<string, Parameter>,
): Promise<Map<string, NumericArray>> {
  const values = new Map<string, NumericArray>();
  for (const [name, { value }] of parameters)
    values.set(name, { shape: value.shape, data: await value.data() });
  return values;
}

/** Checks values before any is taken. @throws CheckpointError unless names and shapes are those of the parameters */
export function requireFit(
  parameters: ReadonlyMap<string, Parameter>,
  values: ReadonlyMap<string, NumericArray>,
): void {
  const text = (shape: readonly number[] | undefined): string => (shape ? shapeText(shape) : 'none');
  const names = new Set([...parameters.keys(), ...values.keys()]);
  for (const name of names) {
    const [wanted, given] = [parameters.get(name)?.value.shape, values.get(name)?.shape];
    if (wanted && given && sameShape(wanted, given)) continue;
    throw new CheckpointError({
      operation: 'resume',
      expected: `parameter ${name}: ${text(wanted)} in the model`,
      actual: `${text(given)} in the checkpoint`,
      remedy: 'Build the model with the options that it had.',
    });
  }
}

/** Overwrites parameters with values of the same names and shapes. */
export function assignValues(
  parameters: ReadonlyMap<string, Parameter>,
  values: ReadonlyMap<string, NumericArray>,
): void {
  scope(() => {
    for (const [name, { value }] of parameters) {
      const { data, shape } = values.get(name) as NumericArray;
      assign(value, tensor(data, shape, { dtype: value.dtype }));
    }
  });
}
