export { type Arm, armKinds, armOf } from './comparison/arms.ts';
export {
  type ArmNet,
  type ArmOutcome,
  armSpec,
  armsOf,
  type ChosenRun,
  type ComparisonOptions,
  type ComparisonPlan,
  compareArms,
  type RunKey,
} from './comparison/comparison.ts';
export { isImages, loadData, loadImages, requireFit } from './data/load-data.ts';
export { splitCounts } from './data/split-counts.ts';
export { FileError, SpecError } from './errors.ts';
export { type ExecuteOptions, type Executor, inThisThread } from './executors/executor.ts';
export { type ThreadOptions, threadExecutor } from './executors/thread-executor.ts';
export {
  type WorkerMessage,
  type WorkerOrder,
  type WorkerPool,
  workerPool,
} from './executors/worker-pool.ts';
export { atPath, fileFault, isFileFault } from './files/file-fault.ts';
export { readTextIfThere, sizeIfThere } from './files/read-text.ts';
export { isStack, modelNames, type NetShape, netName, shapeOf } from './nets/model-kinds.ts';
export {
  formatRatio,
  parseRatio,
  parseScheme,
  type SchemeText,
  schemeKinds,
  splitSchemes,
  weightRequest,
} from './nets/scheme-text.ts';
export type {
  CalibrationBin,
  CheckpointEvent,
  EndEvent,
  EpochEvent,
  FitReport,
  FittedEvent,
  ImageCounts,
  Influence,
  Mistake,
  NoticeEvent,
  NumberAnswer,
  NumberErrors,
  ResultEvent,
  RunEvent,
  RunResult,
  StartEvent,
  StepEvent,
} from './run/run-event.ts';
export { type RunOptions, runTraining } from './run/run-training.ts';
export { type FinalSweep, runSearch, type SearchEvent, withTimeLeft } from './search/finals.ts';
export { planSearch, type SearchOptions } from './search/plan-search.ts';
export { type Field, type Filled, field, filled } from './spec/fields.ts';
export {
  augmentFields,
  dataFields,
  fileNetFields,
  judgeFields,
  netFields,
  optimizerFields,
  runFields,
  storageFields,
  teacherFields,
} from './spec/run-fields.ts';
export {
  type AugmentSpec,
  type DataSpec,
  describeSpec,
  type FileNetSpec,
  isFromFile,
  type JudgeSpec,
  type NetSpec,
  type NewNetSpec,
  type OptimizerSpec,
  type RunRequest,
  type RunSpec,
  readSpec,
  runSpec,
  type StorageSpec,
  specHash,
  specText,
} from './spec/run-spec.ts';
export { requireSameRun } from './spec/same-run.ts';
export { type EpochRecord, readMetrics } from './store/metrics.ts';
export { FolderBusyError } from './store/owner.ts';
export {
  newFolder,
  newFolderIn,
  openFolder,
  type RunFolder,
  requireEmpty,
  runFiles,
} from './store/run-folder.ts';
export { type RunStore, runStore, type StoredRun, storedRuns } from './store/run-store.ts';
export { bestOf, frontOf, type Goal } from './sweep/goal.ts';
export { runSweep, type SweepEvent, type SweepOptions } from './sweep/run-sweep.ts';
export {
  type Changes,
  type Choice,
  describeChanges,
  type Range,
  runOf,
  type SearchSpace,
} from './sweep/search-space.ts';
export { indexFile, readIndex } from './sweep/sweep-index.ts';
export { readSweep, type SweepSpec, sweepSpec } from './sweep/sweep-spec.ts';
export type { Trial, TrialOutcome } from './sweep/trial.ts';
export { chooseBackend } from './training/backend.ts';
export { storageNames } from './training/storage.ts';
