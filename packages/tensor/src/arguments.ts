import { ArgumentError, shownValue } from '@funhash/hashing';
import { ShapeError } from './errors.ts';
import { Tensor } from './tensor.ts';

/** What ops check of what they are given in JavaScript, where no compiler did: one statement for all of them. */

/**
 * Refuses what is no tensor.
 *
 * @param name of the argument, for the message: `b`
 * @throws ArgumentError that names the operation
 */
export function requireTensor(operation: string, value: unknown, name = 'x'): asserts value is Tensor {
  if (!(value instanceof Tensor)) throw strangerAs(operation, value, name);
}

/** Refuses what is no list of tensors. @throws ArgumentError that names the operation and the place in the list */
export function requireTensors(
  operation: string,
  values: unknown,
  name = 'tensors',
): asserts values is readonly Tensor[] {
  if (!Array.isArray(values))
    throw new ArgumentError({
      operation,
      expected: `${name}: a list of tensors`,
      actual: shownValue(values),
      ...(values instanceof Tensor && { remedy: 'Put it in brackets: [x].' }),
    });
  // Not `every`: it would pass over holes.
  for (let k = 0; k < values.length; k++) requireTensor(operation, values[k], `${name}[${k}]`);
}

function strangerAs(operation: string, value: unknown, name: string): ArgumentError {
  const isList = Array.isArray(value) || ArrayBuffer.isView(value) || typeof value === 'number';
  const remedy = isList
    ? 'Make it a tensor: tensor(values).'
    : value instanceof Promise
      ? 'Await it first.'
      : undefined;
  return new ArgumentError({
    operation,
    expected: `${name}: a tensor`,
    actual: value === undefined ? 'none' : shownValue(value),
    ...(remedy && { remedy }),
  });
}

/**
 * Refuses what is no list of whole numbers, such as extents, starts and axes.
 *
 * @throws ShapeError that names the operation and the argument
 */
export function requireIntegers(
  operation: string,
  values: unknown,
  name: string,
): asserts values is readonly number[] {
  let fits = Array.isArray(values);
  if (fits) {
    const list = values as readonly unknown[];
    for (let k = 0; k < list.length; k++) fits &&= Number.isInteger(list[k]);
  }
  if (!fits)
    throw new ShapeError({
      operation,
      expected: `${name}: a list of whole numbers`,
      actual: values === undefined ? 'none' : shownValue(values),
      ...(typeof values === 'number' && { remedy: `Put it in brackets: [${values}].` }),
    });
}
