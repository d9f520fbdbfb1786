import { isFloat, type Tensor } from '@funhash/tensor';

/**
 * Cotangents of the inputs from those of the outputs, composed of differentiable ops, so that gradients of gradients
 * work. `needed(k)` tells whether input k's is wanted; undefined stands for zero.
 */
export type Vjp = (
  cotangents: readonly Tensor[],
  needed: (input: number) => boolean,
) => readonly (Tensor | undefined)[];

/** A tensor on a tape, and its cotangent as far as it is known. */
export interface TapeNode {
  readonly tensor: Tensor;
  cotangent: Tensor | undefined;
}

/** One op on a tape. */
export interface TapeEntry {
  /** Nodes of its inputs; undefined where a tensor is not watched. */
  readonly inputs: readonly (TapeNode | undefined)[];
  readonly outputs: readonly TapeNode[];
  readonly vjp: Vjp;
}

/** What was computed from watched tensors, in order. */
export class Tape {
  readonly entries: TapeEntry[] = [];
  readonly #watched = new Map<Tensor, TapeNode>();

  constructor(watched: Iterable<Tensor>) {
    for (const tensor of watched) this.#watch(tensor);
  }

  nodeOf(tensor: Tensor): TapeNode | undefined {
    return this.#watched.get(tensor);
  }

  add(inputs: readonly Tensor[], outputs: readonly Tensor[], vjp: Vjp): void {
    if (!this.watchesAny(inputs)) return;
    this.entries.push({
      inputs: inputs.map((input) => this.#watched.get(input)),
      outputs: outputs.map((output) => this.#watch(output)),
      vjp,
    });
  }

  watchesAny(tensors: readonly Tensor[]): boolean {
    for (const tensor of tensors) if (this.#watched.has(tensor)) return true;
    return false;
  }

  #watch(tensor: Tensor): TapeNode {
    const node = { tensor, cotangent: undefined };
    if (isFloat(tensor.dtype)) this.#watched.set(tensor, node);
    return node;
  }
}

let active: readonly Tape[] = [];

/** Lets `tape` record besides those that record already; returns what ends it, to be called in a `finally`. */
export function startTape(tape: Tape): () => void {
  const outer = active;
  active = [...outer, tape];
  return () => {
    active = outer;
  };
}

/** Runs `body` without recording on any tape. */
export function withoutTape<T>(body: () => T): T {
  const outer = active;
  active = [];
  try {
    return body();
  } finally {
    active = outer;
  }
}

/** True where a result of these tensors would be recorded: then intermediate values must be kept for the vjp. */
export function isRecording(inputs: readonly Tensor[]): boolean {
  for (const tape of active) if (tape.watchesAny(inputs)) return true;
  return false;
}

/** Notes how outputs came from inputs on every tape that watches one of the inputs. */
export function record(inputs: readonly Tensor[], outputs: readonly Tensor[], vjp: Vjp): void {
  for (const tape of active) tape.add(inputs, outputs, vjp);
}

/** `record` for an op of one output. */
export function recorded(
  inputs: readonly Tensor[],
  output: Tensor,
  vjp: (cotangent: Tensor, needed: (input: number) => boolean) => readonly (Tensor | undefined)[],
): Tensor {
  if (active.length > 0) record(inputs, [output], ([cotangent], needed) => vjp(cotangent as Tensor, needed));
  return output;
}
