import { applyUpdate } from '@funhash/codec/update';
import { type Parameter, scope, type Tensor, tensor } from '@funhash/layers';
import type { BoundOptimizer, Optimizer, OptimizerState, RunLength } from '@funhash/training';
import type { NetValues } from './net-values.ts';
import type { PictureMode } from './segment.ts';

// Updates that change nothing but how strong each output channel is: a multiplier for each row of each matrix.

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

/** The same with the multipliers of a network whose rows have been multiplied: what fits them best. */
export function multipliersOf(values: NetValues, tuned: NetValues): NetValues {
  const all = new Map(withMultipliers(values));
  for (const [name, { data }] of values) {
    const own = all.get(ofMatrix(name));
    if (!own) continue;
    const is = (tuned.get(name) as { readonly data: Float32Array }).data;
    const cols = data.length / own.data.length;
    const found = own.data.map((_, row) => {
      let [product, square] = [0, 0];
      for (let k = row * cols; k < (row + 1) * cols; k++) {
        product += (data[k] as number) * (is[k] as number);
        square += (data[k] as number) ** 2;
      }
      return square === 0 ? 1 : product / square;
    });
    all.set(ofMatrix(name), { ...own, data: found });
  }
  return all;
}

/**
 * Adam (β 0.9 and 0.98) on the multipliers of the rows of each matrix; all other values stay as they are. The network has them
 * multiplied; what it started from is read when the run starts. For networks of few values: it computes in script.
 */
export function multiplierOptimizer(learningRate: number): Optimizer {
  return {
    rule: 'multipliers',
    options: { learningRate },
    create: (parameters, length) =>
      Promise.resolve(new BoundMultipliers([...parameters.values()], learningRate, length)),
  };
}

interface Rows {
  readonly parameter: Parameter;
  readonly base: Float32Array;
  readonly multipliers: Float64Array;
  readonly means: Float64Array;
  readonly squares: Float64Array;
}

const [decay, squareDecay, floor] = [0.9, 0.98, 1e-8];

class BoundMultipliers implements BoundOptimizer {
  readonly #rows: readonly (Rows | undefined)[];
  readonly #rate: number;
  readonly #length: RunLength | undefined;
  step = 0;

  constructor(parameters: readonly Parameter[], rate: number, length: RunLength | undefined) {
    this.#rate = rate;
    this.#length = length;
    this.#rows = parameters.map((parameter) => {
      if (!isMatrix(parameter.value)) return undefined;
      const rows = parameter.value.shape[0] as number;
      return {
        parameter,
        base: Float32Array.from(parameter.value.dataSync()),
        multipliers: new Float64Array(rows).fill(1),
        means: new Float64Array(rows),
        squares: new Float64Array(rows),
      };
    });
  }

  get learningRate(): number {
    return this.#rate * (this.#length?.schedule?.(this.step, this.#length.steps) ?? 1);
  }

  update(gradients: readonly Tensor[]): void {
    const rate = this.learningRate;
    this.step++;
    for (const [k, rows] of this.#rows.entries())
      if (rows) move(rows, (gradients[k] as Tensor).dataSync(), rate, this.step);
  }

  state(): Promise<OptimizerState> {
    return Promise.resolve({ rule: 'multipliers', step: this.step, scales: [], slots: new Map() });
  }

  restore(): void {}

  dispose(): void {}
}

function move(
  { parameter, base, multipliers, means, squares }: Rows,
  gradient: ArrayLike<number>,
  rate: number,
  step: number,
): void {
  const cols = base.length / multipliers.length;
  const values = new Float32Array(base.length);
  for (let row = 0; row < multipliers.length; row++) {
    let slope = 0;
    for (let k = row * cols; k < (row + 1) * cols; k++)
      slope += (base[k] as number) * (gradient[k] as number);
    const mean = decay * (means[row] as number) + (1 - decay) * slope;
    const square = squareDecay * (squares[row] as number) + (1 - squareDecay) * slope * slope;
    means[row] = mean;
    squares[row] = square;
    const size = Math.sqrt(square / (1 - squareDecay ** step)) + floor;
    const multiplier = (multipliers[row] as number) - (rate * (mean / (1 - decay ** step))) / size;
    multipliers[row] = multiplier;
    for (let k = row * cols; k < (row + 1) * cols; k++) values[k] = (base[k] as number) * multiplier;
  }
  scope(() => parameter.assign(tensor(values, parameter.value.shape)));
}
