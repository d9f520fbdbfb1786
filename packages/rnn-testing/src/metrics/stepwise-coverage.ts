import { changesOf } from '../observation/reading.ts';
import type { Metric } from './metric.ts';
import { type StepOptions, stepMetric } from './step-features.ts';

/**
 * Step-wise Coverage: a feature for each step, covered where the change Δξ from the step before reaches a threshold between
 * its lowest (0) and highest (1) value on training data. Default threshold 0.6. The first step of a window is compared
 * with the real one before it.
 *
 * Source: Huang et al. 2022, arXiv:1911.01952, and the authors' code.
 */
export const stepwiseCoverage: Metric<StepOptions> = stepMetric('sc', 'Step-wise Coverage', changesOf);
