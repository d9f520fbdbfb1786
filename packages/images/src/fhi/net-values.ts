import { type Module, type Parameter, tensor } from '@funhash/layers';

/** Stored values as updates take them. */
export type NetValues = Map<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;

/** Copies of the values of a network by name. */
export const valuesOf = (net: Module): NetValues => copiesOf(net.namedParameters());

/** The same of parameters by name. */
export function copiesOf(parameters: ReadonlyMap<string, Parameter>): NetValues {
  return new Map(
    [...parameters].map(([name, { value }]) => [
      name,
      { shape: value.shape, data: Float32Array.from(value.dataSync()) },
    ]),
  );
}

/** Gives a network values of the same names and shapes. */
export function setValues(
  net: Module,
  values: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: ArrayLike<number> }>,
): void {
  for (const [name, parameter] of net.namedParameters()) {
    const given = values.get(name);
    if (given) parameter.assign(tensor(Float32Array.from(given.data), given.shape));
  }
}
