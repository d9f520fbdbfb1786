import { option } from '@funhash/hashing';
import type { AggregateName, Reading } from '../observation/reading.ts';
import { constantRules, normalized } from './constants.ts';
import { defineMetric, type Metric } from './metric.ts';

/** Options of metrics with a feature for each step. */
export interface StepOptions {
  /** Share of the way from the lowest training value to the highest. Default 0.6. */
  readonly threshold?: number;
  readonly per?: 'window' | 'step';
  readonly top?: number;
}

/** States a metric of one feature per step of a window: covered where the normalised value reaches a threshold. */
export const stepMetric = (
  id: string,
  title: string,
  values: (reading: Reading, aggregate: AggregateName) => Float64Array,
): Metric<StepOptions> =>
  defineMetric({
    id,
    title,
    source: 'arXiv:1911.01952',
    options: { threshold: option.real(), ...constantRules },
    fits: values,
    bind: ({ options: { threshold = 0.6 }, aggregate, constants, steps, first }) => ({
      features: steps,
      dims: steps,
      isPerStep: true,
      label: (feature) => `step ${first + feature}`,
      measure: (reading) =>
        values(reading, aggregate).map((value, k) => normalized(constants, value, k % steps)),
      cover: (position, add) => {
        for (let step = 0; step < steps; step++) if ((position[step] as number) >= threshold) add(step);
      },
      fitness: (position, feature) => {
        const value = position[feature] as number;
        return Number.isNaN(value) ? Number.POSITIVE_INFINITY : threshold - value;
      },
    }),
  });
