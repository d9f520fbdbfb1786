import { ArgumentError, option } from '@funhash/hashing';
import type { Pass } from '@funhash/layers';
import type { Parameter } from '@funhash/space';
import { isFloat, Tensor } from '@funhash/tensor';

/** What a penalty is told of a step. As layers do, it may move buffers of its own by `moveBuffer(pass, …)`. */
export interface PenaltyPass extends Pass {
  /** Values of all parameters of the model by name, those that are frozen as constants. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** Steps behind the run: 0 at the first. */
  readonly step: number;
  /** Steps of the whole run; undefined where the data do not tell. */
  readonly steps: number | undefined;
}

/**
 * A penalty with a state of its own: what is trained together with the model (learned step sizes, densities of a rate),
 * and what it keeps from step to step (a weight that is steered to a budget).
 *
 *     const penalty: Penalty = {
 *       name: 'sparsity',
 *       options: { weight: 1e-4 },
 *       loss: ({ parameters }) => multiply(sum(abs(parameters.get('0.weight.w'))), 1e-4),
 *     };
 *
 * Decoded weights are reached through the model: `net.weights().get('0.weight').decode()` is differentiable.
 */
export interface Penalty {
  /** The name by which runs are compared where one resumes the other. */
  readonly name: string;
  /** Numbers and texts that decide it besides, compared as `penalty.weight`. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** The term of a step, one floating-point element: called once in each, however many batches it has. */
  loss(pass: PenaltyPass): Tensor;
  /** Tensors that are trained with those of the model, which optimisers and checkpoints know as `penalty.<name>`. */
  namedParameters?(): ReadonlyMap<string, Parameter>;
  /** Tensors that it keeps but does not train, in checkpoints too, as `penalty.<name>`. */
  namedBuffers?(): ReadonlyMap<string, Parameter>;
}

/** A penalty, or where it has no state its function alone, compared by the name of that. */
export type PenaltyLike = Penalty | Penalty['loss'];

export const penaltyRule = option.that<PenaltyLike>(
  'a function of a step, ({ parameters, step }) => tensor, or { name, loss, … }',
  (value) => typeof value === 'function' || isPenalty(value),
);

function isPenalty(value: unknown): value is Penalty {
  if (typeof value !== 'object' || value === null) return false;
  const { name, loss, namedParameters, namedBuffers } = value as Record<string, unknown>;
  const isMethod = (method: unknown): boolean => method === undefined || typeof method === 'function';
  return (
    typeof name === 'string' &&
    typeof loss === 'function' &&
    isMethod(namedParameters) &&
    isMethod(namedBuffers)
  );
}

export function penaltyOf(given: PenaltyLike): Penalty {
  return typeof given === 'function' ? { name: given.name || 'a function', loss: given } : given;
}

/** The values that a penalty brings, by the names that runs give them. */
export function ownValues(
  penalty: Penalty | undefined,
  kind: 'namedParameters' | 'namedBuffers',
): [string, Parameter][] {
  return [...(penalty?.[kind]?.() ?? [])].map(([name, own]) => [`penalty.${name}`, own]);
}

/** The term of a step. @throws ArgumentError unless it is one floating-point element */
export function penaltyLoss(penalty: Penalty, pass: PenaltyPass): Tensor {
  const loss: unknown = penalty.loss(pass);
  if (loss instanceof Tensor && loss.size === 1 && isFloat(loss.dtype)) return loss;
  throw new ArgumentError({
    operation: 'fit',
    expected: `a penalty (${penalty.name}) that gives one floating-point element`,
    actual: String(loss),
    remedy: 'Reduce it with sum or mean; a constant is tensor(0).',
  });
}
