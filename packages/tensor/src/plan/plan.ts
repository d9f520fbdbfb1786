import type { Program } from '@funhash/formula';
import { checkArgument, option } from '@funhash/hashing';
import type { View } from '../backend.ts';
import type { DType } from '../dtype.ts';
import type { KernelName } from '../run-kernel.ts';

/**
 * What the contents of a buffer are, to a plan. `input`: set before a run. `state`: those of a tensor that the plan did
 * not make, such as a parameter. `constant`: values that were uploaded while it was recorded. `temporary`: written by
 * the plan before it is read. `kept`: written by an earlier part that need not run again.
 */
export type BufferKind = 'input' | 'state' | 'constant' | 'temporary' | 'kept';

/** A buffer of a plan. */
export interface PlanBuffer {
  readonly kind: BufferKind;
  /** The name of an input or a state; empty for others. */
  readonly name: string;
  readonly dtype: DType;
  readonly length: number;
}

/** A strided window on a buffer of a plan, which it names by its number. */
export interface PlanView extends Pick<View, 'shape' | 'strides' | 'offset'> {
  readonly buffer: number;
}

/** A program of a plan, by its number. */
export interface PlanProgram {
  readonly program: number;
}

/** A list of numbers that is set before a run, by its name. */
export interface PlanNumbers {
  readonly numbers: string;
}

/** What a kernel is given: as the backend's contract has it, with numbers for buffers and programs. */
export type PlanArgument =
  | number
  | string
  | boolean
  | null
  | undefined
  | PlanView
  | PlanProgram
  | PlanNumbers
  | readonly PlanArgument[]
  | { readonly [field: string]: PlanArgument };

/** A call of a kernel. */
export interface PlanCall {
  readonly kernel: KernelName;
  readonly args: readonly PlanArgument[];
  /** The part of the plan that it belongs to, from 0. */
  readonly part: number;
}

/** A place of a word that is drawn anew for each run: among the uniforms of a virtual matrix. */
export interface WordPlace {
  /** The number of the word in the order of drawing. */
  readonly word: number;
  readonly call: number;
  /** Number of the argument that is the virtual matrix. */
  readonly argument: number;
  readonly uniform: number;
}

/**
 * A recorded list of kernel calls, as plain data: of fixed shapes, on any backend. It holds no contents: those of constants
 * and states stand beside it (`RecordedPlan`).
 */
export interface Plan {
  readonly version: 1;
  readonly buffers: readonly PlanBuffer[];
  readonly programs: readonly Program[];
  readonly calls: readonly PlanCall[];
  /** Number of parts: a run goes through one part after the other, and what called it may look at outputs in between. */
  readonly parts: number;
  /** Lengths of the lists of numbers that are set before a run, by name. */
  readonly numbers: Readonly<Record<string, number>>;
  /** Number of words that are set before a run. */
  readonly words: number;
  readonly wordPlaces: readonly WordPlace[];
  readonly outputs: Readonly<Record<string, PlanView>>;
}

/** The argument of each kernel that it writes: a view, or a list of views. */
export const outArgument: Readonly<Record<KernelName, number>> = {
  fill: 0,
  copy: 1,
  map: 3,
  reduce: 2,
  argMax: 1,
  matmul: 2,
  gather: 2,
  scatterAdd: 2,
  logSumExp: 1,
  scan: 1,
  virtualRows: 2,
  foldRows: 4,
  virtualMatmul: 2,
  virtualFold: 4,
  packSigns: 1,
  signMatmul: 3,
};

/** A plan, as functions take it. */
const planRule = /* @__PURE__ */ option.that<Plan>(
  'a plan, such as that of what planOf gives',
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    ['buffers', 'calls', 'programs', 'wordPlaces'].every((list) =>
      Array.isArray((value as Record<string, unknown>)[list]),
    ),
);

/** Refuses what is no plan. @throws ArgumentError */
export function requirePlan(operation: string, plan: unknown): void {
  checkArgument(operation, 'plan', planRule, plan);
}

/** Every view in an argument, those of virtual matrices and epilogues too. */
export function viewsIn(argument: PlanArgument, found: PlanView[] = []): readonly PlanView[] {
  if (typeof argument !== 'object' || argument === null) return found;
  if (isPlanView(argument)) found.push(argument);
  else for (const member of Object.values(argument)) viewsIn(member, found);
  return found;
}

export function isPlanView(argument: object): argument is PlanView {
  return 'strides' in argument;
}

/** Numbers of the buffers that a part writes. */
export function writtenBy({ calls }: Plan, part: number): ReadonlySet<number> {
  return new Set(calls.filter((call) => call.part === part).flatMap((call) => [...buffersOf(call).written]));
}

/** Numbers of the buffers that a call names, and of those among them that it writes. */
export function buffersOf({ kernel, args }: PlanCall): {
  readonly all: ReadonlySet<number>;
  readonly written: ReadonlySet<number>;
} {
  const numbersOf = (argument: PlanArgument): ReadonlySet<number> =>
    new Set(viewsIn(argument).map(({ buffer }) => buffer));
  return { all: numbersOf(args), written: numbersOf(args[outArgument[kernel]]) };
}
