import { applyUpdate, updateUnits } from '@funhash/codec/update';
import { type Parameter, scope, type Tensor, tensor } from '@funhash/layers';
import type { BoundOptimizer, Optimizer, OptimizerState, RunLength } from '@funhash/training';
import { copiesOf, type NetValues } from './net-values.ts';
import type { PictureMode } from './segment.ts';

// Updates that change nothing of an output channel but how strong it is, and what is added to it: a multiplier for each row of each
// matrix, and biases.

/** The name of the multipliers of a matrix: behind its own in the order of updates. */
const ofMatrix = (name: string): string => `${name}.multipliers`;

const isMatrix = ({ shape }: { readonly shape: readonly number[] }): boolean => shape.length > 1;

/** The values of a network and, of each matrix, multipliers of its rows, which are 1. */
export function withMultipliers(values: NetValues): NetValues {
  const all = new Map(values);
  for (const [name, value] of values)
    if (isMatrix(value)) {
      const rows = value.shape[0] as number;
      all.set(ofMatrix(name), { shape: [rows], data: new Float32Array(rows).fill(1) });
    }
  return all;
}

/** The values of a network whose matrices are multiplied row by row; multipliers themselves are left out. */
export function multiplied(all: NetValues): NetValues {
  const multipliers = new Set<string>();
  const values: NetValues = new Map(all);
  for (const [name, { shape, data }] of all) {
    const own = all.get(ofMatrix(name));
    if (!own) continue;
    multipliers.add(ofMatrix(name));
    const cols = data.length / own.data.length;
    const scaled = data.map((x, k) => x * (own.data[Math.floor(k / cols)] as number));
    values.set(name, { shape, data: scaled });
  }
  for (const name of multipliers) values.delete(name);
  return values;
}

/** The values of a network with an update of it, or of its multipliers. @throws BitstreamError */
export function updated(values: NetValues, mode: PictureMode, update: Uint8Array): NetValues {
  if (mode !== 'multipliers') return applyUpdate(values, update) as NetValues;
  return multiplied(applyUpdate(withMultipliers(values), update) as NetValues);
}

/** The same with the multipliers of a network whose rows have been multiplied, those that fit them best, and with its biases. */
export function multipliersOf(values: NetValues, tuned: NetValues): NetValues {
  const all = new Map(withMultipliers(values));
  for (const [name, value] of values) {
    const is = tuned.get(name) as typeof value;
    const own = all.get(ofMatrix(name));
    if (!own) {
      all.set(name, is);
      continue;
    }
    const { data } = value;
    const cols = data.length / own.data.length;
    const found = own.data.map((_, row) => {
      let [product, square] = [0, 0];
      for (let k = row * cols; k < (row + 1) * cols; k++) {
        product += (data[k] as number) * (is.data[k] as number);
        square += (data[k] as number) ** 2;
      }
      return square === 0 ? 1 : product / square;
    });
    all.set(ofMatrix(name), { ...own, data: found });
  }
  return all;
}

/** Largest steps of what is tuned of output channels; what has none stays as it is. */
export interface ChannelRates {
  readonly multipliers?: number;
  /** Counted in units of each tensor, as updates have them. */
  readonly biases?: number;
}

/** How output channels are tuned. */
export interface ChannelTuning {
  readonly rates: ChannelRates;
  /** Weight of the L1 penalty on what multipliers are beside 1, and on biases in their units. */
  readonly weight: number;
}

/**
 * Adam (β 0.9 and 0.98) on the multipliers of the rows of each matrix and on biases; all other values stay as they are. The network has
 * them multiplied; what it started from is read when the run starts. For networks of few values: it computes in script.
 */
export function channelOptimizer({ rates, weight }: ChannelTuning): Optimizer {
  return {
    rule: 'channels',
    options: { ...rates, weight },
    create: (parameters, length) => Promise.resolve(new BoundChannels(parameters, { rates, weight }, length)),
  };
}

/** Values that are those of a base and, for each part, so much of a direction. */
interface Moved {
  readonly parameter: Parameter;
  readonly rate: number;
  readonly base: Float32Array;
  /** The base itself of a matrix, so that a part is what its row is multiplied by beside 1; the unit of biases. */
  readonly direction: Float32Array;
  readonly parts: Float64Array;
  readonly means: Float64Array;
  readonly squares: Float64Array;
}

const [decay, squareDecay, floor] = [0.9, 0.98, 1e-8];

class BoundChannels implements BoundOptimizer {
  readonly #moved: readonly (Moved | undefined)[];
  readonly #length: RunLength | undefined;
  readonly #weight: number;
  step = 0;

  constructor(
    parameters: ReadonlyMap<string, Parameter>,
    { rates, weight }: ChannelTuning,
    length: RunLength | undefined,
  ) {
    this.#length = length;
    this.#weight = weight;
    const values = copiesOf(parameters);
    const units = updateUnits(values);
    this.#moved = [...parameters].map(([name, parameter]) => {
      const { shape, data: base } = values.get(name) as { shape: readonly number[]; data: Float32Array };
      const isRows = isMatrix({ shape });
      const rate = isRows ? rates.multipliers : rates.biases;
      if (rate === undefined) return undefined;
      const direction = isRows ? base : base.map(() => units.get(name) as number);
      const [parts, means, squares] = [0, 1, 2].map(() => new Float64Array(shape[0] ?? 1));
      return { parameter, rate, base, direction, parts, means, squares } as Moved;
    });
  }

  get learningRate(): number {
    return this.#length?.schedule?.(this.step, this.#length.steps) ?? 1;
  }

  update(gradients: readonly Tensor[]): void {
    const share = this.learningRate;
    this.step++;
    const pass = { share, weight: this.#weight, step: this.step };
    for (const [k, moved] of this.#moved.entries())
      if (moved) move(moved, (gradients[k] as Tensor).dataSync(), pass);
  }

  state(): Promise<OptimizerState> {
    return Promise.resolve({ rule: 'channels', step: this.step, scales: [], slots: new Map() });
  }

  restore(): void {}

  dispose(): void {}
}

interface Pass {
  /** Share of the largest rates. */
  readonly share: number;
  readonly weight: number;
  readonly step: number;
}

function move(moved: Moved, gradient: ArrayLike<number>, { share, weight, step }: Pass): void {
  const { parameter, base, direction, parts, means, squares } = moved;
  const cols = base.length / parts.length;
  const values = new Float32Array(base.length);
  for (let row = 0; row < parts.length; row++) {
    let slope = 0;
    for (let k = row * cols; k < (row + 1) * cols; k++)
      slope += (direction[k] as number) * (gradient[k] as number);
    const mean = decay * (means[row] as number) + (1 - decay) * slope;
    const square = squareDecay * (squares[row] as number) + (1 - squareDecay) * slope * slope;
    means[row] = mean;
    squares[row] = square;
    const size = Math.sqrt(square / (1 - squareDecay ** step)) + floor;
    const rate = (moved.rate * share) / size;
    const free = (parts[row] as number) - rate * (mean / (1 - decay ** step));
    // Towards 0, and no further: what is not worth its penalty is 0 itself.
    const part = Math.sign(free) * Math.max(0, Math.abs(free) - rate * weight);
    parts[row] = part;
    for (let k = row * cols; k < (row + 1) * cols; k++)
      values[k] = (base[k] as number) + part * (direction[k] as number);
  }
  scope(() => parameter.assign(tensor(values, parameter.value.shape)));
}
