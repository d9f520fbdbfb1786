import type { Real } from '@funhash/formula';
import { type OptionsOf, option } from '@funhash/hashing';
import type { Parameter } from '@funhash/space';
import type { Tensor } from '@funhash/tensor';
import type { Schedule } from './schedules.ts';

/** The options that every optimiser takes, stated once. */
export const optimizerRules = {
  /** Size of a step, or a schedule of it. Default: the rule's own; relative steps have none. */
  learningRate: option.that<number | Schedule>(
    'a finite number ≥ 0, or a schedule',
    (value) => typeof value === 'function' || (Number.isFinite(value) && (value as number) >= 0),
  ),
  /**
   * Whether the learning rate is in units of each tensor's scale: the root mean square of its start values, or 0.03
   * where these are all 0, as those of a bias. Default false.
   */
  relativeStep: option.flag(),
  /** Factor λ of weight decay. Default: the rule's own, mostly 0. */
  weightDecay: option.real({ least: 0 }),
  /** Parameters that do not decay: their names, or a choice. Default: all decay. */
  noDecay: option.that<readonly string[] | ((name: string, parameter: Parameter) => boolean)>(
    'a list of names of parameters, or a function',
    (value) => Array.isArray(value) || typeof value === 'function',
  ),
  /** Euclidean norm to which the gradients of a step are scaled down together where theirs is larger. Default: none. */
  clipNorm: option.real({ least: 0 }),
  /** Limit of each element of a gradient, to ±clipValue, after `clipNorm`. Default: none. */
  clipValue: option.real({ least: 0 }),
};

/** Options that every optimiser takes. */
export type OptimizerOptions = OptionsOf<typeof optimizerRules>;

/** A configured optimiser, not yet bound to parameters. */
export interface Optimizer {
  /** Name of the rule. */
  readonly rule: string;
  /** The options that it was made with. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Binds it to parameters by name, with fresh state. */
  create(parameters: ReadonlyMap<string, Parameter>, length?: RunLength): Promise<BoundOptimizer>;
}

export type RuleOptions = Readonly<Record<string, number | boolean>>;

/** Makes configured optimisers of one rule. A record of them is `optimizers`. */
export interface OptimizerMaker<O extends RuleOptions = Record<never, never>> {
  /** @throws OptionError, ArgumentError for options that the rule does not take */
  (options?: OptimizerOptions & Partial<O>): Optimizer;
  /** The name of the rule. */
  readonly rule: string;
  /** Options that commands start from, where nobody chose: of `sgd` momentum 0.9. */
  readonly usual: OptimizerOptions & Partial<O>;
}

/** Terms of the statement of a rule: one element of a tensor. */
export interface RuleTerms<S extends string, H extends string> {
  /** Value of the element; with decoupled weight decay, already decayed. */
  readonly parameter: Real;
  /** Gradient of the element, clipped; with coupled weight decay, that term is already added. */
  readonly gradient: Real;
  /** Learning rate of this step and, with relative steps, of this tensor. */
  readonly learningRate: Real;
  /** State that the rule keeps for each element; 0 at the start. */
  readonly slots: Readonly<Record<S, Real>>;
  /** Numbers of the step, as the rule's `hyper` gives them. */
  readonly hyper: Readonly<Record<H, Real>>;
}

/** Statement of how an optimiser moves one element. Everything else is derived. */
export interface OptimizerRule<O extends RuleOptions, S extends string, H extends string> {
  /** Name under which it is exported. */
  readonly name: string;
  /** Paper and equation. */
  readonly source: string;
  /** Defaults of the rule's own options: numbers ≥ 0, or booleans. */
  readonly options: O;
  /** Default learning rate. */
  readonly learningRate: number;
  /** Options that commands start from, where they differ from the defaults. */
  readonly usual?: Partial<O>;
  /** Default weight decay. Default 0. */
  readonly weightDecay?: number;
  /** Form of weight decay. `coupled`: gradient + decay · parameter (L2). `decoupled`: parameter · (1 − learningRate · decay). */
  readonly decay: 'coupled' | 'decoupled';
  /** Names of the state that the rule keeps for each element. */
  slots(options: O): readonly S[];
  /** Numbers of a step, `step` counting from 1; the same names at every step. */
  hyper(options: O, step: number): Readonly<Record<H, number>>;
  /** Step of one element, stated once per optimiser: choices among `options` are part of the statement. */
  update(
    terms: RuleTerms<S, H>,
    options: O,
  ): { readonly parameter: Real; readonly slots: Readonly<Partial<Record<S, Real>>> };
}

/** What an optimiser is told of a run. */
export interface RunLength {
  /** Steps of the whole run, for schedules that end. */
  readonly steps?: number | undefined;
  /** Factor of the learning rate at each step. Default: constant 1. */
  readonly schedule?: Schedule | undefined;
  /** Names of what is not trained, which options may name as well. Default: none. */
  readonly frozen?: ReadonlySet<string> | undefined;
}

/** Elements in row-major order of a shape. */
export interface NumericArray {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | Int32Array | Uint8Array;
}

/** State of an optimiser, on the host: all that decides its coming steps besides its options. */
export interface OptimizerState {
  /** Name of the rule. */
  readonly rule: string;
  /** Steps taken. */
  readonly step: number;
  /** Unit of the learning rate of each parameter, in their order; 1 without relative steps. */
  readonly scales: readonly number[];
  /** Values of the slots, by `slot/parameter`. */
  readonly slots: ReadonlyMap<string, NumericArray>;
}

/** An optimiser at work on its parameters. */
export interface BoundOptimizer {
  /** Steps taken. */
  readonly step: number;
  /** Learning rate of the coming step, not scaled by tensors. */
  readonly learningRate: number;
  /**
   * Overwrites the parameters by one step; gradients in the order of the parameters. What can be seen to be wrong is refused
   * before anything moves. Values change in place, one parameter after the other: a backend that fails in the middle (a
   * device that is lost) leaves some moved and some not, and a checkpoint is what to go on from.
   *
   * @throws ArgumentError, ShapeError for gradients that are not those of the parameters
   */
  update(gradients: readonly Tensor[]): void;
  /**
   * The scalars of the coming step, a list for each parameter that `update` gives to its kernel: the lists stay the same, their
   * numbers change. Where an optimiser has them, a plan of its update can be run in place of it, and `advance` counts the
   * step. Default: none, and its steps are not planned.
   */
  prepare?(): readonly (readonly number[])[];
  /** Counts a step that a plan has taken. */
  advance?(): void;
  /** Copies the state to the host. */
  state(): Promise<OptimizerState>;
  /** Continues bit for bit where `state` was taken. @throws ArgumentError for the state of other parameters */
  restore(state: OptimizerState): void;
  /** Frees the slots. */
  dispose(): void;
}
