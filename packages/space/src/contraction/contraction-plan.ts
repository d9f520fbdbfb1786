import { productOf } from './modes.ts';
import type { TensorChain } from './tensor-chain.ts';

/** Cores from `first` up to but not `end`, multiplied together before x meets them. */
export interface Segment {
  readonly first: number;
  readonly end: number;
}

/**
 * How x·Vᵀ is contracted: x meets the segments one after the other. One segment of all cores is V itself: then the
 * product is the dense one.
 */
export interface ContractionPlan {
  readonly segments: readonly Segment[];
  /** Multiplications of one row of x with the segments, forward. */
  readonly perRow: number;
  /** Multiplications that make the segments from the cores, whatever the number of rows. */
  readonly merging: number;
}

/** No segment has more entries than this: 64 MB of them. */
const mostEntries = 2 ** 24;

// A product [R, K] · [K, N] reads and writes R·(K + N) numbers besides its R·K·N multiplications: measured on wasm, one
// of these costs about as much as so many multiplications.
const perMovedNumber = 12;

const plans = new WeakMap<TensorChain, Map<number, ContractionPlan>>();

/**
 * The cheapest way to contract so many rows with a chain, over all ways to merge neighbouring cores: merged cores are
 * fewer and larger products, paid for once and not for every row.
 *
 * The cost of a segment depends on nothing outside it, so that the best division into segments is found by dynamic
 * programming over where the last one begins.
 */
export function planContraction(chain: TensorChain, rows: number): ContractionPlan {
  const known = plans.get(chain) ?? new Map<number, ContractionPlan>();
  plans.set(chain, known);
  const found = known.get(rows) ?? cheapest(chain, rows);
  known.set(rows, found);
  return found;
}

function cheapest(chain: TensorChain, rows: number): ContractionPlan {
  const count = chain.inModes.length;
  const best: (ContractionPlan & { readonly cost: number })[] = [
    { segments: [], perRow: 0, merging: 0, cost: 0 },
  ];
  for (let end = 1; end <= count; end++) {
    const choices = Array.from({ length: end }, (_, first) => {
      const before = best[first] as ContractionPlan & { readonly cost: number };
      const step = stepOf(chain, { first, end });
      const merge = mergingOf(chain, { first, end });
      return {
        segments: [...before.segments, { first, end }],
        perRow: before.perRow + step.products,
        merging: before.merging + merge.products,
        cost: before.cost + rows * step.cost + merge.cost,
      };
    });
    best[end] = choices.reduce((a, b) => (b.cost < a.cost ? b : a));
  }
  const { segments, perRow, merging } = best[count] as ContractionPlan;
  return { segments, perRow, merging };
}

interface Cost {
  readonly products: number;
  readonly cost: number;
}

function productCost(rows: number, depth: number, cols: number): Cost {
  const products = rows * depth * cols;
  return { products, cost: products + perMovedNumber * rows * (depth + cols) };
}

/** What a segment costs for one row of x. */
function stepOf({ inModes, outModes, bonds }: TensorChain, { first, end }: Segment): Cost {
  const count = inModes.length;
  const [before, after] = [bonds[first] as number, bonds[end] as number];
  // Around a periodic chain the first bond stays open until the last core closes it.
  const open = bonds[0] as number;
  const [opens, closes] = [first === 0, end === count];
  const rows =
    productOf(inModes.slice(end)) * productOf(outModes.slice(0, first)) * (opens || closes ? 1 : open);
  const depth = productOf(inModes.slice(first, end)) * (opens ? 1 : before) * (closes && !opens ? open : 1);
  const cols = productOf(outModes.slice(first, end)) * (opens && !closes ? open : 1) * (closes ? 1 : after);
  return productCost(rows, depth, cols);
}

/** What it costs to merge the cores of a segment, from the first to the last. */
function mergingOf({ inModes, outModes, bonds }: TensorChain, { first, end }: Segment): Cost {
  let [products, cost] = [0, 0];
  const entry = (k: number): number => (inModes[k] as number) * (outModes[k] as number);
  let merged = entry(first);
  for (let k = first + 1; k < end; k++) {
    const rows = merged * (bonds[first] as number);
    const step = productCost(rows, bonds[k] as number, entry(k) * (bonds[k + 1] as number));
    merged *= entry(k);
    products += step.products;
    cost += step.cost;
    if (merged * (bonds[first] as number) * (bonds[k + 1] as number) > mostEntries)
      return { products, cost: Number.POSITIVE_INFINITY };
  }
  return { products, cost };
}
