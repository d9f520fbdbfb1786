import type { Reading } from '../observation/reading.ts';
import { type Constants, normalized } from './constants.ts';
import type { BoundMetric } from './metric.ts';

/** One feature per step of a window: covered where the normalised value reaches a threshold. */
export function stepFeatures(
  values: (reading: Reading) => Float64Array,
  {
    constants,
    threshold,
    steps,
    first,
  }: {
    readonly constants: Constants;
    readonly threshold: number;
    readonly steps: number;
    readonly first: number;
  },
): BoundMetric {
  return {
    features: steps,
    dims: steps,
    isPerStep: true,
    label: (feature) => `step ${first + feature}`,
    measure: (reading) => values(reading).map((value, k) => normalized(constants, value, k % steps)),
    cover: (position, add) => {
      for (let step = 0; step < steps; step++) if ((position[step] as number) >= threshold) add(step);
    },
    fitness: (position, feature) => {
      const value = position[feature] as number;
      return Number.isNaN(value) ? Number.POSITIVE_INFINITY : threshold - value;
    },
  };
}
