import { extentsOf, fromScan } from '../levels/scan.ts';
import { type QuantizeOptions, type Task, taskOf } from './quantize-options.ts';
import { adaptModel, magnitudeCost, modelWords, signCost, zeroCost } from './rate-model.ts';

/**
 * Levels of values on one grid: the nearest ones, or with `lambda` above 0 those of the least squared error plus λ · bits,
 * where bits are what the coder would take after the levels before (greedy: each level decides for itself).
 *
 * @param values finite ones
 * @returns whole numbers, level · step is the value; row-major
 * @throws ArgumentError for values that are not finite or have more than 2³¹ − 1 steps
 */
export function quantizeUniform(values: Float32Array | Float64Array, options: QuantizeOptions): Int32Array {
  const task = taskOf('quantizeUniform', values, options, 2 ** 31 - 1.5);
  const levels = task.lambda > 0 ? rated(task) : nearest(task);
  return fromScan(levels, extentsOf(task.shape), task.scan);
}

function nearest({ values, step }: Task): Int32Array {
  const levels = new Int32Array(values.length);
  const perStep = Math.fround(1 / step);
  for (let i = 0; i < values.length; i++) {
    const x = Math.fround(perStep * (values[i] as number));
    levels[i] = x < 0 ? -Math.floor(0.5 - x) : Math.floor(x + 0.5);
  }
  return levels;
}

/** Cost of a squared distance of one step, in units of 2⁻¹⁵ bit, at λ = 1. */
const distanceCost = 32768 / (Math.LN2 / 6);

function rated({ values, step, lambda, modelFlags, reference }: Task): Int32Array {
  const levels = new Int32Array(values.length);
  const model = new Int32Array(modelWords(modelFlags));
  const perStep = 1 / step;
  const weight = distanceCost / lambda;
  let neighbor = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    const negative = value < 0 ? 1 : 0;
    const x = Math.abs(value) * perStep;
    const nearestLevel = Math.floor(x + 0.5);
    let best = 0;
    let least = weight * (x * x) + zeroCost(model, 0, 0, neighbor);
    if (nearestLevel > 0) {
      // The reference takes all levels for positive.
      const sign = reference ? 0 : negative;
      const before = signCost(model, 0, 0, neighbor, sign);
      for (let level = Math.max(1, nearestLevel - 1); level <= nearestLevel; level++) {
        const rate = before + magnitudeCost(model, 0, level, sign, modelFlags);
        const cost = weight * ((x - level) * (x - level)) + rate;
        if (cost < least) [best, least] = [level, cost];
      }
    }
    const level = negative === 1 ? -best : best;
    adaptModel(model, 0, level, 0, neighbor, modelFlags);
    neighbor = best === 0 ? 0 : 2 - negative;
    levels[i] = level === 0 ? 0 : level;
  }
  return levels;
}
