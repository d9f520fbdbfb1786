export {
  CoverageError,
  NoRecurrentLayerError,
  SequenceError,
  WindowError,
} from './errors.ts';
export { type CoverageMetricName, coverageMetrics } from './metrics/all-metrics.ts';
export { type BoundaryOptions, boundaryCoverage } from './metrics/boundary-coverage.ts';
export type { Constants } from './metrics/constants.ts';
export { type BoundMetric, defineMetric, type Metric, type MetricRequest } from './metrics/metric.ts';
export {
  type NeuronBoundaryOptions,
  type NeuronOptions,
  type NeuronSectionOptions,
  neuronBoundaryCoverage,
  neuronCoverage,
  neuronSectionCoverage,
} from './metrics/neuron-coverage.ts';
export { breakPoints, paa, saxWord } from './metrics/sax.ts';
export { stepwiseCoverage } from './metrics/stepwise-coverage.ts';
export { type TemporalOptions, temporalCoverage } from './metrics/temporal-coverage.ts';
export { type Observation, type Signal, signalsOf } from './observation/observe.ts';
export { type AggregateName, aggregates, type Reading } from './observation/reading.ts';
export type { Sequence, Sequences } from './observation/sequences.ts';
export type { StepWindow, WindowOptions } from './observation/window.ts';
export { Coverage, type CoverageJson } from './probe/coverage.ts';
export { FeatureSet } from './probe/feature-set.ts';
export {
  type CoverageProbe,
  coverageProbe,
  type Measured,
  type PlacedMetric,
  type ProbeOptions,
} from './probe/probe.ts';
export { minimalSuite } from './suite/minimal-suite.ts';
export { type CoverageGoals, coverageMatchers, requireCoverage } from './testing/reach-coverage.ts';
