import { levelsOf } from '../observation/reading.ts';
import type { Metric } from './metric.ts';
import { type StepOptions, stepMetric } from './step-features.ts';

/**
 * Boundary Coverage: a feature for each step, covered where ξ reaches a threshold between its lowest (0) and highest (1)
 * value on training data. Default threshold 0.6; at the 0.8 of the authors' code early steps are out of reach of any image.
 *
 * Source: Huang et al. 2022, arXiv:1911.01952, and the authors' code.
 */
export const boundaryCoverage: Metric<StepOptions> = stepMetric('bc', 'Boundary Coverage', levelsOf);
