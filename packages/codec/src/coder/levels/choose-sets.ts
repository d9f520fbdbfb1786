import { bitCost, costOffset, costs } from '../engine/costs.ts';
import { contextWords, moves, setCount, startContexts, starts } from '../engine/tables.ts';
import { binarize, newCursor, newEntries } from './binarize.ts';
import { flagContext, hasSet } from './contexts.ts';

/** What a tensor's choice of parameter sets looks at. */
export interface Choice {
  /** Levels in scan order. */
  readonly levels: Int32Array;
  /** See `binarize`. */
  readonly parities: Int32Array | undefined;
  readonly greaterFlags: number;
  /** Levels of a row of blocks, behind which contexts start anew; 0: never. */
  readonly segment: number;
  /** The rule of the standard's reference coder, whose choices cost more at times. */
  readonly reference: boolean;
}

/** The parameter set of each context under which its bins cost least, told included. */
export function chooseSets(choice: Choice): Uint8Array {
  const sums = trialCosts(choice);
  return choice.reference ? asReference(sums) : cheapest(sums, choice.parities !== undefined);
}

/** Bits of telling a set as the reference coder counts them. */
const toldCost = 3 * bitCost;

function asReference(sums: Float64Array): Uint8Array {
  return Uint8Array.from({ length: sums.length / setCount }, (_, c) => {
    let best = 0;
    let least = sums[c * setCount] as number;
    for (let set = 1; set < setCount; set++) {
      const cost = (sums[c * setCount + set] as number) + toldCost;
      if (cost < least) [best, least] = [set, cost];
    }
    return best;
  });
}

/** Counts what telling really costs: three bits, and a flag whose probability adapts. */
function cheapest(sums: Float64Array, dependent: boolean): Uint8Array {
  const sets = new Uint8Array(sums.length / setCount);
  const flag = new Int32Array(contextWords);
  const without = new Int32Array(contextWords);
  startContexts(flag);
  startContexts(without);
  let gain = 0;
  for (let c = 0; c < sets.length; c++) {
    if (!hasSet(c, dependent)) continue;
    let best = 0;
    for (let set = 1; set < setCount; set++)
      if ((sums[c * setCount + set] as number) < (sums[c * setCount + best] as number)) best = set;
    const saved = (sums[c * setCount] as number) - (sums[c * setCount + best] as number);
    const toldMore = toldCost + binCost(flag, 1) - binCost(flag, 0);
    const told = saved > toldMore ? 1 : 0;
    if (told === 1) sets[c] = best;
    gain += (told === 1 ? saved - toldCost : 0) + binCost(without, 0) - binCost(flag, told);
    adapt(flag, told);
    adapt(without, 0);
  }
  return gain > 0 ? sets : new Uint8Array(sets.length);
}

function binCost(context: Int32Array, bin: 0 | 1): number {
  const s = ((context[0] as number) << 4) + (context[1] as number);
  return costs[bin][costOffset + (s >> 3)] as number;
}

function adapt(context: Int32Array, bin: number): void {
  const [fast, slow, shifts] = context as unknown as [number, number, number];
  const g = bin === 1 ? 1 : -1;
  context[0] = fast + g * ((moves[16 + ((g * fast) >> 3)] as number) >> shifts);
  context[1] = slow + g * ((moves[16 + ((g * slow) >> 7)] as number) >> (shifts >> 5));
}

/** What the bins of each context cost under each set, `context · setCount + set`, in units of 2⁻¹⁵ bit. */
function trialCosts({ levels, parities, greaterFlags, segment }: Choice): Float64Array {
  const contextCount = flagContext(greaterFlags);
  const sums = new Float64Array(contextCount * setCount);
  const states = new Int32Array(sums.length * 2);
  const restart = (): void => {
    for (let at = 0; at < sums.length; at++) {
      const [fast, slow] = starts[at % setCount] as readonly [number, number, number];
      states[2 * at] = fast;
      states[2 * at + 1] = slow;
    }
  };
  const entries = newEntries(greaterFlags, levels.length);
  const sorted = new Uint8Array(entries.length);
  const ends = new Int32Array(contextCount);
  const cursor = newCursor();
  const step = segment || levels.length;
  for (let from = 0; from < levels.length; from += step) {
    restart();
    cursor.neighbor = 0;
    while (cursor.at < Math.min(from + step, levels.length)) {
      const until = Math.min(from + step, levels.length);
      const count = binarize(levels, until, greaterFlags, parities, cursor, entries);
      sortByContext(entries, count, ends, sorted);
      let first = 0;
      for (let c = 0; c < contextCount; c++) {
        const end = ends[c] as number;
        if (end > first)
          for (let set = 0; set < setCount; set++)
            addCosts(sorted, first, end, c * setCount + set, states, sums);
        first = end;
      }
    }
  }
  return sums;
}

/** Bins of each context side by side, in their order; `ends` has where those of a context end. */
function sortByContext(entries: Int32Array, count: number, ends: Int32Array, sorted: Uint8Array): void {
  ends.fill(0);
  for (let k = 0; k < count; k++) {
    const entry = entries[k] as number;
    if (entry < 0) k++;
    else ends[entry >> 1] = (ends[entry >> 1] as number) + 1;
  }
  let sum = 0;
  for (let c = 0; c < ends.length; c++) {
    const own = ends[c] as number;
    ends[c] = sum;
    sum += own;
  }
  for (let k = 0; k < count; k++) {
    const entry = entries[k] as number;
    if (entry < 0) {
      k++;
      continue;
    }
    const c = entry >> 1;
    sorted[ends[c] as number] = entry & 1;
    ends[c] = (ends[c] as number) + 1;
  }
}

function addCosts(
  bins: Uint8Array,
  from: number,
  to: number,
  trial: number,
  states: Int32Array,
  sums: Float64Array,
): void {
  const [zero, one] = costs;
  const shifts = (starts[trial % setCount] as readonly number[])[2] as number;
  let fast = states[2 * trial] as number;
  let slow = states[2 * trial + 1] as number;
  const slowShift = shifts >> 5;
  // A chunk costs less than 2^31: at most 16 bits a bin.
  let sum = 0;
  for (let k = from; k < to; k++) {
    const at = costOffset + (((fast << 4) + slow) >> 3);
    if (bins[k] === 1) {
      sum += one[at] as number;
      fast += (moves[16 + (fast >> 3)] as number) >> shifts;
      slow += (moves[16 + (slow >> 7)] as number) >> slowShift;
    } else {
      sum += zero[at] as number;
      fast -= (moves[16 + (-fast >> 3)] as number) >> shifts;
      slow -= (moves[16 + (-slow >> 7)] as number) >> slowShift;
    }
  }
  states[2 * trial] = fast;
  states[2 * trial + 1] = slow;
  sums[trial] = (sums[trial] as number) + sum;
}
