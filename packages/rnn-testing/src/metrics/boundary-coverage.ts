import { option } from '@funhash/hashing';
import { levelsOf } from '../observation/reading.ts';
import { constantRules } from './constants.ts';
import { defineMetric, type Metric } from './metric.ts';
import { stepFeatures } from './step-features.ts';

/** Options of `boundaryCoverage`. */
export interface BoundaryOptions {
  readonly threshold?: number;
  readonly per?: 'window' | 'step';
  readonly top?: number;
}

/**
 * Boundary Coverage: a feature for each step, covered where ξ reaches a threshold between its lowest (0) and highest (1)
 * value on training data. Default threshold 0.6; at the 0.8 of the authors' code early steps are out of reach of any image.
 *
 * Source: Huang et al. 2022, arXiv:1911.01952, and the authors' code.
 */
export const boundaryCoverage: Metric<BoundaryOptions> = defineMetric({
  id: 'bc',
  title: 'Boundary Coverage',
  source: 'arXiv:1911.01952',
  options: { threshold: option.real(), ...constantRules },
  fits: levelsOf,
  bind: ({ options: { threshold = 0.6 }, aggregate, ...place }) =>
    stepFeatures((reading) => levelsOf(reading, aggregate), { threshold, ...place }),
});
