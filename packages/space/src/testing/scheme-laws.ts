import { ArgumentError } from '@funhash/hashing';
import { type Law, LawError } from '@funhash/hashing/testing';
import {
  type Backend,
  type BackendName,
  currentBackend,
  referenceBackend,
  useBackend,
} from '@funhash/tensor';
import type { MatrixShape, Scheme, WeightRequest } from '../scheme.ts';
import { apply } from './apply-laws.ts';
import { forAll } from './compare.ts';
import { growsWithMatrix, huge, seeds, tile, words } from './decode-laws.ts';
import { additive, adjoint, fused, policies, second } from './gradient-laws.ts';
import { type SchemeLawName, schemeLawNames } from './law-names.ts';
import { type SampledScheme, samplesOf } from './scheme-samples.ts';
import { projection, reach, sizes, spec, variance } from './storage-laws.ts';
import { Subject } from './subject.ts';

const laws: Readonly<Record<SchemeLawName, (subject: Subject) => void | Promise<void>>> = {
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

/** Laws that say the same under every hash: requests which differ in nothing else are one. */
const ofAnyHash: readonly SchemeLawName[] = ['second', 'projection'];

/** Laws about every entry of large matrices, or every value of many: one drawn request is enough. */
const slow: readonly SchemeLawName[] = ['huge', 'second', 'projection', 'adjoint'];

export interface SchemeLawOptions {
  /** Laws that are left out. Default: of a scheme those that its sample does not claim, of a request none. */
  readonly except?: readonly SchemeLawName[];
  /** Extents of the weights that are checked; small ones. Default: those of the scheme's sample, else 13 × 22. */
  readonly shape?: MatrixShape;
  /** Whether laws about what a backend does are checked on the reference too. Default true. */
  readonly reference?: boolean;
  /** Backends besides the reference, in single precision: by name, or backend objects. Default none. */
  readonly backends?: readonly (BackendName | Backend)[];
  /** Largest relative error of the standard deviation of V. Default: as the scheme's sample says, else 0.1. */
  readonly stdTolerance?: number;
  /** Drawn requests of a scheme for each law, besides those of its sample. Default 3, of slow laws 1. */
  readonly drawn?: number;
}

/**
 * The laws of a compression-space scheme, checked on weights of one request, or of a scheme on those of its sample and
 * on drawn ones, which are the same in every run:
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
 * @param subject a scheme; or a request; or a function that makes a request for each weight (needed with a shared space,
 * whose values would otherwise stay on the backend that made them)
 * @throws ArgumentError when `except` names no law
 */
export function schemeLaws(
  subject: Scheme | WeightRequest | (() => WeightRequest),
  { except = [], shape, backends = [], reference = true, stdTolerance, drawn }: SchemeLawOptions = {},
): Law[] {
  const unknown = except.find((name) => !Object.hasOwn(laws, name));
  if (unknown !== undefined)
    throw new ArgumentError({
      operation: 'schemeLaws',
      expected: `except to name laws among ${schemeLawNames.join(', ')}`,
      actual: unknown,
    });
  const samples = ('definition' in subject ? samplesOf(subject) : [givenSample(subject)]).map((sample) => ({
    ...sample,
    ...(shape && { shape }),
    ...(stdTolerance !== undefined && { stdTolerance }),
  }));
  return schemeLawNames
    .filter((name) => !except.includes(name) && samples.some((sample) => isClaimed(name, sample)))
    .map((name) => ({
      name,
      check: async () => {
        const claiming = samples.filter((sample) => isClaimed(name, sample));
        const isOfBackends = ofBackends.includes(name);
        for (const backend of [
          ...(reference || !isOfBackends ? [referenceBackend] : []),
          ...(isOfBackends ? backends : []),
        ])
          await running(backend, (chosen) =>
            forAllRequests(name, claiming, drawn ?? (slow.includes(name) ? 1 : 3), ({ make, ...sample }) =>
              laws[name](
                new Subject(make, sample.shape, sample.stdTolerance, chosen, chosen === referenceBackend),
              ),
            ),
          );
      },
    }));
}

/** What the laws are checked on, if not on a scheme. */
interface GivenSample extends Omit<SampledScheme, 'requests' | 'drawn'> {
  readonly requests: readonly (WeightRequest | (() => WeightRequest))[];
  readonly drawn?: SampledScheme['drawn'];
  /** Whether the one who asks says what is not claimed. */
  readonly isGiven?: boolean;
}

function givenSample(request: WeightRequest | (() => WeightRequest)): GivenSample {
  const { scheme } = typeof request === 'function' ? request() : request;
  const shape = { rows: 13, cols: 22 };
  return { scheme, shape, requests: [request], except: [], stdTolerance: 0.1, isGiven: true };
}

function isClaimed(name: SchemeLawName, { scheme, shape, requests, except, isGiven }: GivenSample): boolean {
  const { apply: contraction, rowsAt } = scheme.definition;
  if (name === 'apply' && !contraction && !rowsAt) return false;
  if (isGiven) return true;
  return !except.includes(name) && (name !== 'huge' || !growsWithMatrix(made(requests[0]), shape));
}

const made = (request: WeightRequest | (() => WeightRequest) | undefined): WeightRequest =>
  (typeof request === 'function' ? request() : request) as WeightRequest;

interface Case {
  readonly make: () => WeightRequest;
  readonly shape: MatrixShape;
  readonly stdTolerance: number;
}

async function forAllRequests(
  name: SchemeLawName,
  samples: readonly GivenSample[],
  drawn: number,
  check: (weights: Case) => void | Promise<void>,
): Promise<void> {
  for (const { requests, drawn: makers, ...sample } of samples) {
    const checked = ofAnyHash.includes(name) ? differentFormulas(requests) : requests;
    for (const request of checked) await check({ ...sample, make: () => made(request) });
    if (makers)
      await forAll(makers, drawn, async (maker) => {
        const request = maker(sample.shape);
        try {
          await check({ ...sample, make: () => request });
        } catch (error) {
          throw error instanceof LawError ? withRequest(error, request) : error;
        }
      });
  }
}

/** Requests without those that differ from an earlier one in their hash alone. */
function differentFormulas<T extends WeightRequest | (() => WeightRequest)>(requests: readonly T[]): T[] {
  const byText = new Map<string, T>();
  for (const request of requests) {
    const { size, options } = made(request);
    const text = JSON.stringify([size, { ...options, hash: undefined }]);
    if (!byText.has(text)) byText.set(text, request);
  }
  return [...byText.values()];
}

function withRequest(error: LawError, { size, options }: WeightRequest): LawError {
  const { remedy } = error.details;
  const drawn = `With drawn options ${JSON.stringify({ ...size, ...options })}.`;
  return new LawError({ ...error.details, remedy: remedy ? `${remedy} ${drawn}` : drawn }, { cause: error });
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
