import type { Tensor } from '@funhash/tensor';
import type { Weight } from '../weight/weight.ts';

/** Rows of V as the scheme makes them at once; it must have `rowsAt`. */
export function rowsOf(weight: Weight, stored: readonly Tensor[], ids: Tensor | undefined): Tensor {
  const { definition, options, rows, cols, scale } = weight;
  const request = { rows, cols, options, scale, ids };
  return (definition.rowsAt as NonNullable<typeof definition.rowsAt>)(namedArrays(weight, stored), request);
}

/** x·Vᵀ as the scheme contracts it; it must have `apply`. */
export function applied(weight: Weight, x: Tensor, stored: readonly Tensor[], bias?: Tensor): Tensor {
  const { definition, options, rows, cols, scale } = weight;
  const application = { rows, cols, options, bias, scale };
  return (definition.apply as NonNullable<typeof definition.apply>)(
    x,
    namedArrays(weight, stored),
    application,
  );
}

function namedArrays({ arrayNames }: Weight, stored: readonly Tensor[]): Record<string, Tensor> {
  return Object.fromEntries(stored.map((array, k) => [arrayNames[k] as string, array]));
}
