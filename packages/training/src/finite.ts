import { add, sum } from '@funhash/autodiff';
import { scope, type Tensor } from '@funhash/tensor';
import type { NumericArray } from './optimizer.ts';

/** The first value that is not finite. */
export function notFinite(data: NumericArray['data']): number | undefined {
  for (let k = 0; k < data.length; k++) if (!Number.isFinite(data[k])) return data[k];
  return undefined;
}

/** The first tensor with a value that is not finite, by its place, and that value. */
export async function notFiniteIn(
  tensors: readonly Tensor[],
): Promise<{ readonly place: number; readonly value: number } | undefined> {
  // One number for all: no sum hides what is not finite, and where all are, only one beyond the range of the type does so.
  const total = scope(() => tensors.map((x) => sum(x)).reduce((all, one) => add(all, one)));
  const [whole] = await read(total);
  total.dispose();
  if (Number.isFinite(whole)) return undefined;
  for (const [place, x] of tensors.entries()) {
    const value = notFinite(await read(x));
    if (value !== undefined) return { place, value };
  }
  return undefined;
}

const read = async (x: Tensor): Promise<NumericArray['data']> => (x.backend.host ? x.dataSync() : x.data());
