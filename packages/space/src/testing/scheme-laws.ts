import { ArgumentError } from '@funhash/hashing';
import type { Law } from '@funhash/hashing/testing';
import {
  type Backend,
  type BackendName,
  currentBackend,
  referenceBackend,
  useBackend,
} from '@funhash/tensor';
import type { MatrixShape, WeightRequest } from '../scheme.ts';
import { apply } from './apply-laws.ts';
import { huge, seeds, tile, words } from './decode-laws.ts';
import { additive, adjoint, fused, policies, second } from './gradient-laws.ts';
import { projection, reach, sizes, spec, variance } from './storage-laws.ts';
import { Subject } from './subject.ts';

/** What `schemeLaws` checks, by name. */
const laws = {
  tile,
  words,
  huge,
  seeds,
  spec,
  sizes,
  reach,
  variance,
  projection,
  adjoint,
  second,
  additive,
  fused,
  policies,
  apply,
};

/** The name of a law of schemes. */
export type SchemeLawName = keyof typeof laws;

/** Laws about what a backend does; the others are about the scheme alone and run on the reference. */
const ofBackends: readonly SchemeLawName[] = [
  'tile',
  'words',
  'huge',
  'additive',
  'fused',
  'policies',
  'apply',
];

export interface SchemeLawOptions {
  /** Laws that the scheme does not claim. Default none. */
  readonly except?: readonly SchemeLawName[];
  /** Extents of the weights that are checked; small ones. Default 13 × 22. */
  readonly shape?: MatrixShape;
  /** Backends besides the reference, in single precision: by name, or backend objects. Default none. */
  readonly backends?: readonly (BackendName | Backend)[];
  /** Largest relative error of the standard deviation of V. Default 0.1. */
  readonly stdTolerance?: number;
}

/**
 * The laws of a compression-space scheme, checked on weights of a request:
 *
 * - `tile`: rows and windows of V are slices of the whole; every entry is what the formula says at its own place;
 * - `words`: indices and signs are the same bits on all backends, and those of exact integers;
 * - `huge`: corner tiles of 2^20 × 2^20 entries decode, and differ;
 * - `seeds`: one seed gives one matrix in every process, others give others;
 * - `spec`: spec (through JSON) and stored values alone decide V;
 * - `sizes`: what is stored is what `stored` says, never above the budget, and all of it is a parameter;
 * - `reach`: every stored value has a part in some entry;
 * - `variance`: V starts with the standard deviation asked for;
 * - `projection`: a fit never ends worse than it began; linear schemes find what they can represent;
 * - `adjoint`: gradients are the transposed Jacobian that central differences give;
 * - `second`: gradients of gradients;
 * - `additive`: gradients of parts add up to those of the whole, and are added to what is there;
 * - `fused`: products with V and their gradients are those of the decoded matrix;
 * - `policies`: tile, step and frozen weights agree, and see changes of their parameters;
 * - `apply`: the contraction and the rows made at once, where the scheme has them, are those of the decoded matrix.
 *
 * Laws throw `LawError`. They switch backends by `useBackend` and restore the one before, without its options.
 *
 * @param request the request, or a function that makes one for each weight (needed with a shared space, whose values
 * would otherwise stay on the backend that made them)
 * @throws ArgumentError when `except` names no law
 */
export function schemeLaws(
  request: WeightRequest | (() => WeightRequest),
  { except = [], shape = { rows: 13, cols: 22 }, backends = [], stdTolerance = 0.1 }: SchemeLawOptions = {},
): Law[] {
  const unknown = except.find((name) => !Object.hasOwn(laws, name));
  if (unknown !== undefined)
    throw new ArgumentError({
      operation: 'schemeLaws',
      expected: `except to name laws among ${Object.keys(laws).join(', ')}`,
      actual: unknown,
    });
  const make = typeof request === 'function' ? request : () => request;
  const { apply: contraction, rowsAt } = make().scheme.definition;
  const hasApply = contraction !== undefined || rowsAt !== undefined;
  return (Object.keys(laws) as SchemeLawName[])
    .filter((name) => !except.includes(name) && (name !== 'apply' || hasApply))
    .map((name) => ({
      name,
      check: async () => {
        for (const backend of [referenceBackend, ...(ofBackends.includes(name) ? backends : [])])
          await running(backend, (chosen) =>
            laws[name](new Subject(make, shape, stdTolerance, chosen, chosen === referenceBackend)),
          );
      },
    }));
}

async function running(
  backend: BackendName | Backend,
  body: (backend: Backend) => void | Promise<void>,
): Promise<void> {
  const before = currentBackend();
  const chosen = backend === before ? before : await useBackend(backend);
  try {
    await body(chosen);
  } finally {
    if (chosen !== before) await useBackend(before);
  }
}
