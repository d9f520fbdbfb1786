import { isFloat, type Tensor } from '@funhash/tensor';

/**
 * Cotangents of the inputs from those of the outputs, composed of differentiable ops, so that gradients of gradients
 * work. `needed(k)` tells whether input k's is wanted; undefined stands for zero.
 */
export type Vjp = (
  cotangents: readonly Tensor[],
  needed: (input: number) => boolean,
) => readonly (Tensor | undefined)[];

export interface TapeEntry {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly vjp: Vjp;
}

/** What was computed from watched tensors, in order. */
export class Tape {
  readonly entries: TapeEntry[] = [];
  readonly #watched: Set<Tensor>;

  constructor(watched: Iterable<Tensor>) {
    this.#watched = new Set(watched);
  }

  watches(tensor: Tensor): boolean {
    return this.#watched.has(tensor);
  }

  add(entry: TapeEntry): void {
    if (!entry.inputs.some((input) => this.watches(input))) return;
    this.entries.push(entry);
    for (const output of entry.outputs) if (isFloat(output.dtype)) this.#watched.add(output);
  }
}

let active: readonly Tape[] = [];

/** Runs `body` with `tape` recording besides those that record already. */
export function withTape<T>(tape: Tape, body: () => T): T {
  const outer = active;
  active = [...outer, tape];
  try {
    return body();
  } finally {
    active = outer;
  }
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
  return active.some((tape) => inputs.some((input) => tape.watches(input)));
}

/** Notes how outputs came from inputs on every tape that watches one of the inputs. */
export function record(inputs: readonly Tensor[], outputs: readonly Tensor[], vjp: Vjp): void {
  for (const tape of active) tape.add({ inputs, outputs, vjp });
}

/** `record` for an op of one output. */
export function recorded(
  inputs: readonly Tensor[],
  output: Tensor,
  vjp: (cotangent: Tensor, needed: (input: number) => boolean) => readonly (Tensor | undefined)[],
): Tensor {
  record(inputs, [output], ([cotangent], needed) => vjp(cotangent as Tensor, needed));
  return output;
}
