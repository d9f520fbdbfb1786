export type { Checkpoint, Progress } from './checkpoint.ts';
export { type AverageOptions, areaUnderCurve, f1, precision, recall } from './classification-metrics.ts';
export { defineOptimizer } from './define-optimizer.ts';
export { CheckpointError, DivergedError, type Divergence } from './errors.ts';
export {
  type EvaluateOptions,
  evaluate,
  type Metrics,
  type PredictOptions,
  predict,
  type Scores,
} from './evaluate.ts';
export type { Examples } from './examples.ts';
export {
  type FinderConfig,
  findLearningRate,
  type LearningRateCurve,
  type RatePoint,
} from './find-learning-rate.ts';
export { fit } from './fit.ts';
export type { CheckpointOptions, EarlyStopping, FitConfig, FitEvent } from './fit-config.ts';
export type { FitResult, FitRun } from './fit-run.ts';
export {
  binaryCrossEntropyWithLogits,
  huber,
  type Loss,
  type LossOptions,
  meanSquaredError,
  softmaxCrossEntropy,
  squaredHinge,
} from './losses.ts';
export {
  accuracy,
  confusionMatrix,
  errorRate,
  type Metric,
  meanAbsoluteError,
  r2,
  rootMeanSquaredError,
  topKAccuracy,
} from './metrics.ts';
export {
  type LabelScores,
  labelScores,
  type MultiLabelAverageOptions,
  type MultiLabelOptions,
  multiLabelF1,
  multiLabelPrecision,
  multiLabelRecall,
  subsetAccuracy,
} from './multi-label-metrics.ts';
export type {
  BoundOptimizer,
  NumericArray,
  Optimizer,
  OptimizerMaker,
  OptimizerOptions,
  OptimizerRule,
  OptimizerState,
  RuleTerms,
  RunLength,
} from './optimizer.ts';
export * from './optimizers/index.ts';
export * as optimizers from './optimizers/index.ts';
export type { NestedNumbers, Numbers } from './packed-numbers.ts';
export type { Penalty, PenaltyLike, PenaltyPass } from './penalty.ts';
export { type Rate, type RateOptions, rate } from './rate.ts';
export { readCheckpoint } from './read-checkpoint.ts';
export { type Recipe, type RecipeOptions, recipe } from './recipe.ts';
export type { Described, RunDescription } from './run-description.ts';
export {
  constant,
  cosine,
  exponential,
  inverseTime,
  linearWarmup,
  type Schedule,
  stepDecay,
  warmupCosine,
} from './schedules.ts';
export { type UpdatePenaltyOptions, updatePenalty } from './update-penalty.ts';
export type { WeightAverageOptions } from './weight-average.ts';
