import type { Program } from '@funhash/formula';
import type { DType, KernelName, PlanArgument, PlanView, Shape, TypedArray } from '@funhash/tensor';

/** A buffer of a network that is exported. */
export interface NetworkBuffer {
  readonly dtype: DType;
  readonly length: number;
  /** What it holds from the start, such as stored values; undefined where the network writes it. */
  readonly values?: TypedArray | undefined;
  /** Rows that are longer than what they hold: how many of their values count, and how many there are. The rest is 0. */
  readonly used?: readonly [number, number] | undefined;
}

/** A kernel call as a plan has it, with programs in which all numbers that are known stand as constants. */
export interface NetworkCall {
  readonly kernel: KernelName;
  readonly args: readonly PlanArgument[];
}

/** A forward pass of fixed shapes, as what an exporter writes out: data alone. */
export interface Network {
  readonly buffers: readonly NetworkBuffer[];
  readonly programs: readonly Program[];
  readonly calls: readonly NetworkCall[];
  readonly input: { readonly buffer: number; readonly shape: Shape; readonly dtype: 'f32' | 'i32' };
  readonly output: PlanView;
}

/** Every view in an argument of a call. */
export function viewsIn(argument: PlanArgument, found: PlanView[] = []): readonly PlanView[] {
  if (typeof argument !== 'object' || argument === null) return found;
  if ('strides' in argument) found.push(argument as unknown as PlanView);
  else for (const member of Object.values(argument)) viewsIn(member, found);
  return found;
}
