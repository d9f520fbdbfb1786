import type { Real } from '@funhash/formula';
import type { Parameter } from '@funhash/space';
import type { Tensor } from '@funhash/tensor';
import type { Schedule } from './schedules.ts';

/** Options that every optimiser takes. */
export interface OptimizerOptions {
  /** Default: the rule's own; without one for relative steps. */
  readonly learningRate?: number | Schedule;
  /**
   * Learning rate in units of each tensor's scale, which is the root mean square of its start values, or 0.03 where
   * these are all 0, as those of a bias. Default false.
   */
  readonly relativeStep?: boolean;
  /** Default: the rule's own, mostly 0. */
  readonly weightDecay?: number;
  /** Parameters that do not decay: their names, or a choice. Default: all decay. */
  readonly noDecay?: readonly string[] | ((name: string, parameter: Parameter) => boolean);
  /** Scales the gradients of a step down together where their Euclidean norm is larger. */
  readonly clipNorm?: number;
  /** Limits each element of a gradient to ±clipValue, after `clipNorm`. */
  readonly clipValue?: number;
}

/** A configured optimiser, not yet bound to parameters. */
export interface Optimizer {
  readonly rule: string;
  /** The options that it was made with. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Binds it to parameters by name, with fresh state. */
  create(parameters: ReadonlyMap<string, Parameter>, length?: RunLength): Promise<BoundOptimizer>;
}

export type RuleOptions = Readonly<Record<string, number | boolean>>;

/** What the statement of a rule is about: one element of a tensor. */
export interface RuleTerms<S extends string, H extends string> {
  /** With decoupled weight decay, already decayed. */
  readonly parameter: Real;
  /** Clipped; with coupled weight decay, that term is already added. */
  readonly gradient: Real;
  /** Of this step and, with relative steps, this tensor. */
  readonly learningRate: Real;
  /** State that the rule keeps for each element; 0 at the start. */
  readonly slots: Readonly<Record<S, Real>>;
  readonly hyper: Readonly<Record<H, Real>>;
}

/** How an optimiser moves one element. Everything else is derived. */
export interface OptimizerRule<O extends RuleOptions, S extends string, H extends string> {
  readonly name: string;
  /** Paper and equation. */
  readonly source: string;
  /** Defaults of the rule's own options: numbers ≥ 0, or booleans. */
  readonly options: O;
  readonly learningRate: number;
  /** Default 0. */
  readonly weightDecay?: number;
  /** `coupled`: gradient + decay · parameter (L2). `decoupled`: parameter · (1 − learningRate · decay). */
  readonly decay: 'coupled' | 'decoupled';
  slots(options: O): readonly S[];
  /** Numbers of a step, `step` counting from 1; the same names at every step. */
  hyper(options: O, step: number): Readonly<Record<H, number>>;
  /** Stated once per optimiser: choices among `options` are part of the statement. */
  update(
    terms: RuleTerms<S, H>,
    options: O,
  ): { readonly parameter: Real; readonly slots: Readonly<Partial<Record<S, Real>>> };
}

/** What schedules need to know of a run. */
export interface RunLength {
  /** Steps of the whole run, for schedules that end. */
  readonly steps?: number | undefined;
  /** Multiplies the learning rate. Default: constant 1. */
  readonly schedule?: Schedule | undefined;
}

/** Elements in row-major order of a shape. */
export interface NumericArray {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Int32Array | Uint8Array;
}

/** All that decides the coming steps of an optimiser besides its options, on the host. */
export interface OptimizerState {
  readonly rule: string;
  /** Steps taken. */
  readonly step: number;
  /** Unit of the learning rate of each parameter, in their order; 1 without relative steps. */
  readonly scales: readonly number[];
  /** By `slot/parameter`. */
  readonly slots: ReadonlyMap<string, NumericArray>;
}

/** An optimiser at work on its parameters. */
export interface BoundOptimizer {
  /** Steps taken. */
  readonly step: number;
  /** Of the coming step, not scaled by tensors. */
  readonly learningRate: number;
  /** Overwrites the parameters by one step; gradients in the order of the parameters. */
  update(gradients: readonly Tensor[]): void;
  state(): Promise<OptimizerState>;
  /** Continues bit for bit where `state` was taken. @throws ArgumentError for the state of other parameters */
  restore(state: OptimizerState): void;
  /** Frees the slots. */
  dispose(): void;
}
