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
  /** Whether what lies between the segments is kept for the backward pass, or contracted again there. */
  readonly keepsState: boolean;
}

/** No segment has more entries than this: 64 MB of them. */
const mostEntries = 2 ** 24;

// A product [R, K] · [K, N] reads and writes R·(K + N) numbers besides its R·K·N multiplications: measured on wasm, one
// of these costs about as much as so many multiplications.
const perMovedNumber = 12;

// Forward and twice as much backward; and once more forward where the states between segments are not kept.
const [passesKept, passesAgain] = [3, 4];

const plans = new WeakMap<TensorChain, Map<number, ContractionPlan>>();

/**
 * The cheapest way to contract so many rows with a chain, over all ways to merge neighbouring cores: merged cores are
 * fewer and larger products, paid for once and not for every row.
 */
export function planContraction(chain: TensorChain, rows: number): ContractionPlan {
  const known = plans.get(chain) ?? new Map<number, ContractionPlan>();
  plans.set(chain, known);
  const found = known.get(rows) ?? cheapest(chain, rows);
  known.set(rows, found);
  return found;
}

interface Candidate {
  readonly segments: readonly Segment[];
  readonly cost: number;
}

function cheapest(chain: TensorChain, rows: number): ContractionPlan {
  const count = chain.inModes.length;
  const costs = new Map<string, number>();
  const costOf = (segment: Segment): number => {
    const key = `${segment.first},${segment.end}`;
    const found = costs.get(key) ?? rows * stepCost(chain, segment) + mergingCost(chain, segment);
    costs.set(key, found);
    return found;
  };
  const candidate = (...segments: Segment[]): Candidate => ({
    segments,
    cost: segments.reduce((sum, segment) => sum + costOf(segment), 0),
  });
  const cheaper = (a: Candidate, b: Candidate): Candidate => (b.cost < a.cost ? b : a);
  const whole = candidate({ first: 0, end: count });
  const few = Array.from({ length: count - 1 }, (_, k) =>
    candidate({ first: 0, end: k + 1 }, { first: k + 1, end: count }),
  ).reduce(cheaper, whole);
  // The cost of a segment depends on nothing outside it: dynamic programming over where the last one begins.
  const best: Candidate[] = [{ segments: [], cost: 0 }];
  for (let end = 1; end <= count; end++)
    best[end] = Array.from({ length: end }, (_, first): Candidate => {
      const { segments, cost } = best[first] as Candidate;
      const last = { first, end };
      return { segments: [...segments, last], cost: cost + costOf(last) };
    }).reduce(cheaper);
  const many = best[count] as Candidate;
  const { segments } = few.cost * passesKept <= many.cost * passesAgain ? few : many;
  return { segments, keepsState: segments.length <= 2 };
}

const productCost = (rows: number, depth: number, cols: number): number =>
  rows * depth * cols + perMovedNumber * rows * (depth + cols);

/** What a segment costs for one row of x. */
function stepCost({ inModes, outModes, bonds }: TensorChain, { first, end }: Segment): number {
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
function mergingCost({ inModes, outModes, bonds }: TensorChain, { first, end }: Segment): number {
  let cost = 0;
  const before = bonds[first] as number;
  const entry = (k: number): number => (inModes[k] as number) * (outModes[k] as number);
  let merged = entry(first);
  for (let k = first + 1; k < end; k++) {
    cost += productCost(merged * before, bonds[k] as number, entry(k) * (bonds[k + 1] as number));
    merged *= entry(k);
    if (merged * before * (bonds[k + 1] as number) > mostEntries) return Number.POSITIVE_INFINITY;
  }
  return cost;
}
