import { boundaryCoverage } from './boundary-coverage.ts';
import type { Metric } from './metric.ts';
import { neuronBoundaryCoverage, neuronCoverage, neuronSectionCoverage } from './neuron-coverage.ts';
import { stepwiseCoverage } from './stepwise-coverage.ts';
import { temporalCoverage } from './temporal-coverage.ts';

/** Every metric by its short name. */
export const coverageMetrics = {
  nc: neuronCoverage,
  kmnc: neuronSectionCoverage,
  nbc: neuronBoundaryCoverage,
  bc: boundaryCoverage,
  sc: stepwiseCoverage,
  tc: temporalCoverage,
} as const satisfies Readonly<Record<string, Metric>>;

export type CoverageMetricName = keyof typeof coverageMetrics;
