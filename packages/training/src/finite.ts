import { add, sum } from '@funhash/autodiff';
import { scope, type Tensor } from '@funhash/tensor';
import type { NumericArray } from './optimizer.ts';

/** The first value that is not finite. */
export function notFinite(data: NumericArray['data']): number | undefined {
  for (let k = 0; k < data.length; k++) if (!Number.isFinite(data[k])) return data[k];
  return undefined;
}

/**
 * One element, of which it is seen that a tensor has a value that is not finite: no sum hides one. Where all are finite,
 * it is not only where the sum is beyond the range of its type.
 */
export function sumOfAll(tensors: readonly Tensor[]): Tensor {
  return scope(() => tensors.map((x) => sum(x)).reduce((all, one) => add(all, one)));
}

/** The first tensor with a value that is not finite, by its name, and that value. */
export async function notFiniteIn(
  tensors: ReadonlyMap<string, Tensor>,
): Promise<{ readonly name: string; readonly value: number } | undefined> {
  for (const [name, x] of tensors) {
    const value = notFinite(await x.data());
    if (value !== undefined) return { name, value };
  }
  return undefined;
}

/** The first element of a tensor. */
export async function firstNumber(x: Tensor): Promise<number> {
  return (await x.data())[0] as number;
}
