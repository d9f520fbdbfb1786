export {
  type BehaviourComparison,
  compareBehaviour,
  type StepComparison,
} from './behaviour/compare-behaviour.ts';
export {
  CoverageError,
  NoRecurrentLayerError,
  ReplayError,
  SequenceError,
  WindowError,
} from './errors.ts';
export type { Test } from './generation/archive.ts';
export { type Campaign, type CampaignOptions, campaignWorker, rnnTest } from './generation/campaign.ts';
export type { Adversarial, CampaignPoint, CampaignState, KeptTest } from './generation/campaign-state.ts';
export type { ChunkJob, ChunkResult, MutationRole } from './generation/chunk.ts';
export {
  type Proposal,
  type SearchView,
  type Strategy,
  type StrategyName,
  strategies,
} from './generation/strategies.ts';
export { type CoverageMetricName, coverageMetrics } from './metrics/all-metrics.ts';
export { boundaryCoverage } from './metrics/boundary-coverage.ts';
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
export type { StepOptions } from './metrics/step-features.ts';
export { stepwiseCoverage } from './metrics/stepwise-coverage.ts';
export { type TemporalOptions, temporalCoverage } from './metrics/temporal-coverage.ts';
export { type AffineOptions, gaussianNoise, type NoiseOptions, smallAffine } from './mutation/images.ts';
export { anyOf, type Mutation, type MutationPlace } from './mutation/mutation.ts';
export { type SeriesOptions, seriesNoise } from './mutation/series.ts';
export { type TokenOptions, tokenEdits } from './mutation/tokens.ts';
export { type Observation, type Signal, signalsOf } from './observation/observe.ts';
export { type AggregateName, aggregates, type Reading } from './observation/reading.ts';
export type { Sequence, Sequences } from './observation/sequences.ts';
export type { StepWindow, WindowOptions } from './observation/window.ts';
export { type NaturalTest, naturalLimits } from './oracle/natural.ts';
export {
  type EditBallOptions,
  editBall,
  type NormBallOptions,
  normBall,
  type Oracle,
} from './oracle/oracle.ts';
export { Coverage, type CoverageJson } from './probe/coverage.ts';
export { FeatureSet } from './probe/feature-set.ts';
export {
  type CoverageProbe,
  coverageProbe,
  type Measured,
  type MeasuredTests,
  type PlacedMetric,
  type ProbeOptions,
} from './probe/probe.ts';
export { type Replay, replayExample, type StoredExample, storedExamples } from './report/example.ts';
export { type ReportText, reportJson, reportPage } from './report/report.ts';
export { minimalSuite } from './suite/minimal-suite.ts';
export {
  type MutantOptions,
  type NetworkMutant,
  networkMutants,
  type SuiteStrength,
  suiteStrength,
} from './suite/network-mutants.ts';
export { type CoverageGoals, coverageMatchers, requireCoverage } from './testing/reach-coverage.ts';
