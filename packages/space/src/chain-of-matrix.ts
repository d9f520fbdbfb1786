import { ArgumentError, refuseUnknown } from '@funhash/hashing';
import { requireTensor, type Tensor } from '@funhash/tensor';
import { embedded, fitChain, type RankRule, withinRanks } from './contraction/fit-chain.ts';
import type { TensorChain } from './contraction/tensor-chain.ts';
import { finiteValues } from './linear-algebra/finite-values.ts';
import type { OptionSchema, OptionValues } from './options.ts';
import type { MatrixShape, Scheme, SchemeDefinition, WeightRequest } from './scheme.ts';
import { mpo } from './schemes/mpo.ts';
import { tensorTrain } from './schemes/tensor-train.ts';
import { plannedOptions } from './weight/create-weight.ts';

/** The least relative error that can be asked for: values are stored in single precision. */
const leastError = 1e-6;

export interface ErrorBound {
  /**
   * ‖V − matrix‖ / ‖matrix‖ at most, Frobenius norms, from 1e-6 to below 1, in place of ranks or a size: the ranks are
   * those that the bound needs.
   */
  readonly relativeError?: number;
}

/** A chain made out of a matrix. */
export interface ChainOfMatrix {
  /** The weight of a layer of the matrix' extents: it starts as the fitted matrix, whatever its seed. Options name the ranks. */
  readonly request: WeightRequest;
  /** ‖V − matrix‖ / ‖matrix‖, Frobenius norms. */
  readonly error: number;
}

/**
 * A tensor train near a matrix [rows, cols], by TT-SVD (Oseledets 2011): at given ranks within √(d − 1) times the least
 * error there is. Options are those of `tensorTrain`, with one of `ranks`, `ratio`, `values`, `bytes` and
 * `relativeError`; modes that are not given are chosen.
 *
 *     const { request, error } = tensorTrainOf(layer.weight.decode(), { relativeError: 0.1 });
 *     new Dense({ in: 784, out: 1000, weight: request });
 *
 * @throws ArgumentError as `tensorTrain`, and for a matrix that is none or not finite
 */
export function tensorTrainOf(
  matrix: Tensor,
  options: NonNullable<Parameters<typeof tensorTrain>[0]> & ErrorBound,
): ChainOfMatrix {
  return chainOfMatrix(tensorTrain, 'ranks', matrix, options);
}

/**
 * A matrix product operator near a matrix [rows, cols]: `tensorTrainOf` for `mpo` and its `bonds`. With a `boundary` above 1 the fitted chain is open; what the ring has
 * besides is for training.
 */
export function mpoOf(
  matrix: Tensor,
  options: NonNullable<Parameters<typeof mpo>[0]> & ErrorBound,
): ChainOfMatrix {
  return chainOfMatrix(mpo, 'bonds', matrix, options);
}

const sizeNames = ['ratio', 'values', 'bytes', 'policy', 'space'];

/** Squared, relative to the norm, for each core: what rounding to single precision adds to the error. */
const rounding = 2 ** -48;

function chainOfMatrix(scheme: Scheme, ranksName: string, matrix: Tensor, asked: ErrorBound): ChainOfMatrix {
  const { definition } = scheme;
  const operation = `${definition.kind}Of`;
  requireTensor(operation, matrix, 'matrix');
  refuseUnknown(operation, ['relativeError', ...sizeNames, ...Object.keys(definition.options)], asked);
  const { relativeError, ...given } = asked ?? {};
  const [rows, cols] = matrix.shape;
  if (matrix.rank !== 2 || rows === undefined || cols === undefined || rows * cols === 0)
    throw new ArgumentError({ operation, expected: 'a matrix [rows, cols]', actual: String(matrix) });
  const shape = { rows, cols };
  const target = finiteValues(operation, matrix);
  const requestOf = scheme as unknown as (given: object) => WeightRequest;
  const resolved = (more: object): OptionValues<OptionSchema> =>
    plannedOptions(requestOf({ ...given, ...more }), shape, 0);
  const isBounded = relativeError !== undefined;
  if (isBounded) requireBound(operation, relativeError, ranksName, given);
  const options = resolved(isBounded ? { [ranksName]: 1 } : {});
  const chain = chainStoredAs(definition, options, shape);
  let squaredNorm = 0;
  for (const x of target) squaredNorm += x * x;
  const fitted = fitChain(
    target,
    shape,
    chain,
    isBounded
      ? withinError((relativeError ** 2 - chain.inModes.length * rounding) * squaredNorm, chain)
      : withinRanks(chain),
  );
  const found = isBounded ? { ...options, [ranksName]: fitted.chain.bonds.slice(1, -1) } : options;
  const started: SchemeDefinition<OptionSchema> = {
    ...definition,
    initialize: (request) => {
      if (request.rows !== rows || request.cols !== cols)
        throw new ArgumentError({
          operation,
          expected: `a layer of ${rows} × ${cols}, as the matrix`,
          actual: `${request.rows} × ${request.cols}`,
        });
      return embedded(fitted, chainStoredAs(definition, found, shape), definition.initialize(request));
    },
  };
  return {
    request: { ...requestOf(given), scheme: { definition: started }, size: {}, options: found },
    error: Math.sqrt(fitted.squaredError / (squaredNorm || 1)),
  };
}

function requireBound(operation: string, relativeError: number, ranksName: string, given: object): void {
  const sizes = ['ratio', 'values', 'bytes', ranksName].filter((name) => name in given);
  if (sizes.length > 0)
    throw new ArgumentError({
      operation,
      expected: `one of ratio, values, bytes, ${ranksName} and relativeError`,
      actual: `${sizes.join(' and ')} and relativeError`,
    });
  if (!(relativeError >= leastError && relativeError < 1))
    throw new ArgumentError({
      operation,
      expected: `a relativeError from ${leastError} to below 1`,
      actual: String(relativeError),
    });
}

/** The chain of a weight with these options, bonds as they are stored. */
function chainStoredAs(
  { stored }: SchemeDefinition<OptionSchema>,
  options: OptionValues<OptionSchema>,
  shape: MatrixShape,
): TensorChain {
  const shapes = Object.values(stored(options, shape)) as [number, number, number, number][];
  return {
    inModes: shapes.map(([inMode]) => inMode),
    outModes: shapes.map(([, , outMode]) => outMode),
    bonds: [...shapes.map(([, before]) => before), (shapes[0] as readonly number[])[1] as number],
  };
}

/** The lowest ranks whose errors add up to the budget, a squared norm; what a cut does not need is left to the others. */
function withinError(budget: number, { inModes }: TensorChain): RankRule {
  let left = budget;
  let cuts = inModes.length - 1;
  return () => (singularValues) => {
    let [rank, leftOut] = [singularValues.length, 0];
    while (rank > 1) {
      const more = leftOut + (singularValues[rank - 1] as number) ** 2;
      if (more > left / cuts) break;
      [rank, leftOut] = [rank - 1, more];
    }
    left -= leftOut;
    cuts--;
    return rank;
  };
}
