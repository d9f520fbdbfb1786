export { requireIntegers, requireTensor, requireTensors } from './arguments.ts';
export type {
  Backend,
  BoundCall,
  BoundCalls,
  DeviceBuffer,
  Epilogue,
  Kernels,
  SignBounds,
  View,
  VirtualView,
} from './backend.ts';
export {
  type AnyBackend,
  type BackendName,
  type BackendTypes,
  type CreateBackend,
  currentBackend,
  nameBackend,
  offerBackend,
  type StartedBackend,
  type StrictOption,
  type UseOptions,
  useBackend,
} from './backends.ts';
export { arange, empty, full, ones, type TensorOptions, tensor, zeros } from './create.ts';
export * from './dispatch.ts';
export {
  allocateArray,
  bytesPerElement,
  type DType,
  dtypeOf,
  type FloatDType,
  isFloat,
  requireRoom,
  type TypedArray,
} from './dtype.ts';
export { BackendError, DisposedError, DTypeError, MemoryError, PlanError, ShapeError } from './errors.ts';
export { type OnReference, withFallback } from './fallback.ts';
export { type BindOptions, type BoundPlan, bindPlan } from './plan/bind.ts';
export { withConstantsFirst, withoutCopies, withoutDeadCalls } from './plan/passes.ts';
export type { Plan, PlanArgument, PlanBuffer, PlanCall, PlanView, WordPlace } from './plan/plan.ts';
export {
  type PlanArgumentJson,
  type PlanJson,
  type PlanLimits,
  planFromJson,
  planToJson,
} from './plan/plan-json.ts';
export {
  currentRecording,
  decideByContents,
  type PlanOptions,
  PlanRecording,
  planOf,
  type RecordingOptions,
  unrecorded,
} from './plan/plan-of.ts';
export type { RecordedPlan } from './plan/plan-recorder.ts';
export { recordedWords } from './plan/recorded-words.ts';
export { isSamePlan } from './plan/same-plan.ts';
export * from './products.ts';
export { referenceBackend } from './reference/backend.ts';
export {
  fallbackCounts,
  type KernelCall,
  type KernelName,
  runCall,
  runKernel,
  setStrict,
} from './run-kernel.ts';
export { keep, openScope, scope, tensorsIn } from './scope.ts';
export {
  broadcastShapes,
  broadcastStrides,
  checkShape,
  contiguousStrides,
  isContiguous,
  normalizeAxis,
  type Shape,
  sameShape,
  shapeText,
  sizeOf,
} from './shape.ts';
export * from './signs.ts';
export { memory } from './storage.ts';
export { type NestedArray, Tensor } from './tensor.ts';
