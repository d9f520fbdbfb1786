import { FunhashError } from '@funhash/hashing';

/** A model that shows no states: it has no recurrent layer, or none under the name that was asked for. */
export class NoRecurrentLayerError extends FunhashError {}

/** Sequences that cannot be tested: none, without real steps, of another shape, or of a single class. */
export class SequenceError extends FunhashError {}

/** Window of steps outside of the sequences. */
export class WindowError extends FunhashError {}

/** Coverage that a suite was to reach and did not, or sets of features that do not belong together. */
export class CoverageError extends FunhashError {}

/** File of an adversarial example or state of a campaign that is damaged, or of another network. */
export class ReplayError extends FunhashError {}
