import { nextState } from '../engine/tables.ts';
import { extentsOf, fromScan } from '../levels/scan.ts';
import { type QuantizeOptions, type Task, taskOf } from './quantize-options.ts';
import { adaptModel, magnitudeCost, modelWords, signCost, zeroCost } from './rate-model.ts';

const states = 8;
/** Cost of a squared distance of one step, in units of 2⁻¹⁵ bit, at λ = 1. */
const distanceCost = 32768 / (4 * (Math.LN2 / 6) * 0.7);
/** What stands for no way into a state; states without one take part like any. */
const unreached = Number.MAX_VALUE / 2;

/**
 * Levels of dependent (trellis) quantisation: two grids of twice the step take turns by the parities of the levels before,
 * and Viterbi's algorithm finds the way of least squared error plus λ · bits. Errors are about 1 dB below those of one grid
 * at equal size. Steps are to be about half of those of `quantizeUniform`.
 *
 * @param values finite ones
 * @returns whole numbers, level · step is the value; row-major, to be coded with `dependent: true`
 * @throws ArgumentError for values that are not finite or have more than 2³¹ − 4 steps
 */
export function quantizeDependent(values: Float32Array | Float64Array, options: QuantizeOptions): Int32Array {
  const task = taskOf('quantizeDependent', values, options, 2 ** 31 - 4);
  const decisions = new Uint8Array(states * values.length);
  const last = forward(task, decisions);
  return fromScan(traceBack(task, decisions, last), extentsOf(task.shape), task.scan);
}

/** Steps of a value's magnitude, and the first of its four candidates. */
const firstCandidate = (x: number): number => Math.max(1, Math.trunc(x) - 1);

/**
 * Decides for each value and state where the best way comes from: the state before in 3 bits, above it the candidate by its
 * last two bits, or 4 for level 0.
 *
 * @returns the state in which the best way ends
 */
function forward({ values, step, lambda, modelFlags, reference }: Task, decisions: Uint8Array): number {
  const isRated = lambda > 0;
  const words = modelWords(modelFlags);
  // Two banks of a model for each state: one is read, the other written.
  const models = new Int32Array(isRated ? 2 * states * words : 0);
  const neighbors = new Uint8Array(2 * states);
  /** Words from the first on that any model has changed: those that are copied. */
  let touched = 0;
  let costs = new Float64Array(states).fill(unreached);
  let sums = new Float64Array(states);
  costs[0] = 0;
  const perStep = 1 / step;
  const weight = isRated ? distanceCost / lambda : 1;
  const distances = new Float64Array(5);
  const magnitudes = new Float64Array(5);
  const sources = new Uint8Array(states);
  const slots = new Uint8Array(states);
  let bank = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    const negative = value < 0 ? 1 : 0;
    const x = perStep * (negative === 1 ? -value : value);
    const first = firstCandidate(x);
    for (let q = first; q < first + 4; q++) {
      distances[q & 3] = weight * ((x - q) * (x - q));
      magnitudes[q & 3] = Math.floor((q + 1) / 2);
    }
    distances[4] = weight * (x * x);
    sums.fill(Number.POSITIVE_INFINITY);
    for (let s = 0; s < states; s++) {
      const odd = s & 1;
      const evenSlot = 3 * odd;
      const oddSlot = 2 - odd;
      const cost = costs[s] as number;
      let evenRate = 0;
      let zeroRate = 0;
      let oddRate = 0;
      if (isRated) {
        const record = bank + s;
        const base = record * words;
        const neighbor = neighbors[record] as number;
        const before = signCost(models, base, s, neighbor, negative);
        zeroRate = zeroCost(models, base, s, neighbor);
        evenRate = before + magnitudeCost(models, base, magnitudes[evenSlot] as number, negative, modelFlags);
        oddRate = before + magnitudeCost(models, base, magnitudes[oddSlot] as number, negative, modelFlags);
      }
      const even = nextState[s << 1] as number;
      const evenSum = cost + (distances[evenSlot] as number) + evenRate;
      if (evenSum < (sums[even] as number)) {
        sums[even] = evenSum;
        sources[even] = s;
        slots[even] = evenSlot;
      }
      const zeroSum = cost + (distances[4] as number) + zeroRate;
      if (zeroSum < (sums[even] as number)) {
        sums[even] = zeroSum;
        sources[even] = s;
        slots[even] = 4;
      }
      const next = nextState[(s << 1) | 1] as number;
      const oddSum = cost + (distances[oddSlot] as number) + oddRate;
      if (oddSum < (sums[next] as number)) {
        sums[next] = oddSum;
        sources[next] = s;
        slots[next] = oddSlot;
      }
    }
    for (let t = 0; t < states; t++)
      decisions[i * states + t] = (sources[t] as number) | ((slots[t] as number) << 3);
    if (isRated) {
      const other = states - bank;
      let changed = touched;
      for (let t = 0; t < states; t++) {
        const source = sources[t] as number;
        const from = (bank + source) * words;
        const to = (other + t) * words;
        if (touched > 0) models.copyWithin(to, from, from + touched);
        const slot = slots[t] as number;
        const level = slot === 4 ? 0 : (negative === 1 ? -1 : 1) * (magnitudes[slot] as number);
        // The reference adapts by the state and the neighbour that the record had, not by those of the way.
        const state = reference ? t : source;
        const neighbor = (reference ? neighbors[other + t] : neighbors[bank + source]) as number;
        changed = Math.max(changed, adaptModel(models, to, level, state, neighbor, modelFlags));
      }
      // Behind the loop: in the reference a record's own neighbour is that of two values before.
      for (let t = 0; t < states; t++) neighbors[other + t] = slots[t] === 4 ? 0 : 2 - negative;
      touched = changed;
      bank = other;
    }
    [costs, sums] = [sums, costs];
  }
  return costs.indexOf(costs.reduce((least, cost) => Math.min(least, cost)));
}

function traceBack({ values, step }: Task, decisions: Uint8Array, last: number): Int32Array {
  const levels = new Int32Array(values.length);
  const perStep = 1 / step;
  let state = last;
  for (let i = values.length - 1; i >= 0; i--) {
    const decision = decisions[i * states + state] as number;
    const slot = decision >> 3;
    state = decision & 7;
    if (slot === 4) continue;
    const value = values[i] as number;
    const first = firstCandidate(perStep * Math.abs(value));
    // The one of four candidates that ends in these bits: an even level in even states, an odd one in odd ones.
    const level = first + ((slot - first) & 3);
    levels[i] = value < 0 ? -level : level;
  }
  return levels;
}
