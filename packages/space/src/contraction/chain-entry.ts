import type { Real, Word } from '@funhash/formula';
import type { Entry, StoredArray } from '../scheme.ts';
import { coreName, type TensorChain } from './tensor-chain.ts';

/** One entry of V: the trace of a product of small matrices, those that the digits of row and column choose. */
export function chainEntry(
  { row, col }: Pick<Entry, 'row' | 'col'>,
  stored: Readonly<Record<string, StoredArray>>,
  { inModes, outModes, bonds }: TensorChain,
): Real {
  const [outDigits, inDigits] = [digitsOf(row, outModes), digitsOf(col, inModes)];
  const open = bonds[0] as number;
  // Row s of the product so far, for each s of the open bond.
  let product: Real[][] | undefined;
  inModes.forEach((_, k) => {
    const core = stored[coreName(k)] as StoredArray;
    const [before, after] = [bonds[k] as number, bonds[k + 1] as number];
    const first = (inDigits[k] as Word)
      .times(before * (outModes[k] as number) * after)
      .plus((outDigits[k] as Word).times(after));
    const at = (a: number, b: number): Real => core.at(first.plus(a * (outModes[k] as number) * after + b));
    const isLast = k === inModes.length - 1;
    product = (product ?? Array.from({ length: open }, () => [] as Real[])).map((left, s) =>
      Array.from({ length: after }, (_, b) => {
        if (k === 0) return at(s, b);
        // Only the diagonal of the last product is summed.
        if (isLast && b !== s) return left[0] as Real;
        return left.map((value, a) => value.times(at(a, b))).reduce((sum, term) => sum.plus(term));
      }),
    );
  });
  return (product as Real[][]).map((left, s) => left[s] as Real).reduce((sum, term) => sum.plus(term));
}

/** The digits of an index under mixed radices, the first the most significant. */
function digitsOf(index: Word, modes: readonly number[]): Word[] {
  let below = modes.reduce((product, mode) => product * mode, 1);
  return modes.map((mode, k) => {
    below /= mode;
    const digit = below === 1 ? index : index.group(below);
    return k === 0 ? digit : digit.lane(mode);
  });
}
