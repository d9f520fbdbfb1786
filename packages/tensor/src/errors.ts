import { FunhashError } from '@funhash/hashing';

/** Shapes that do not fit the operation. */
export class ShapeError extends FunhashError {}

/** A data type that the operation does not take. */
export class DTypeError extends FunhashError {}

/** A tensor used after `dispose` or after its scope ended. */
export class DisposedError extends FunhashError {}

/** A backend that is absent, unknown, or cannot do what was asked. */
export class BackendError extends FunhashError {}

/** More memory than there can be: asked for before it is taken. */
export class MemoryError extends BackendError {}

/** Something that a plan cannot repeat, or that does not fit the plan. */
export class PlanError extends FunhashError {}
