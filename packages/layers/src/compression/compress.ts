import {
  ArgumentError,
  checkOptions,
  deriveSeed,
  FunhashError,
  type OptionsOf,
  option,
  shownValue,
} from '@funhash/hashing';
import {
  createWeight,
  knownSchemes,
  type OwnHash,
  type ProjectOptions,
  project,
  requestRule,
  schemes,
  schemesRule,
  type Weight,
  type WeightRequest,
} from '@funhash/space';
import { scope, type Tensor } from '@funhash/tensor';
import { copyModule, placeIn } from '../model-file/copy-module.ts';
import { type Module, requireModule } from '../module.ts';
import { type SummaryRow, summarize } from '../summary.ts';
import { type CompressedWeight, type CompressionReport, reportOf } from './compression-report.ts';

/** A matrix of a model. */
export interface PlacedWeight {
  /** Its name in the summary: `2.body.0.weight`. */
  readonly name: string;
  /** Places of its layer in the model: `2.body.0`, and more where one layer stands in several; empty where it is the model. */
  readonly places: readonly string[];
  readonly layer: Module;
  /** The kind of its scheme. */
  readonly kind: string;
  readonly rows: number;
  readonly cols: number;
}

const isRequest = requestRule.accepts as (value: unknown) => value is WeightRequest;

const isRecordOfRequests = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.values(value).every(isRequest);

const rules = {
  /**
   * How the matrices shall be stored: all alike; by the name or the layer's place, for those alone; or as a function
   * says, which leaves a matrix as it is by undefined.
   */
  weight: option.required(
    option.that<
      | WeightRequest
      | Readonly<Record<string, WeightRequest>>
      | ((weight: PlacedWeight) => WeightRequest | undefined)
    >(
      `${requestRule.expected}, a record of them, or a function that gives one`,
      (value) => typeof value === 'function' || isRequest(value) || isRecordOfRequests(value),
    ),
  ),
  /** Matrices to compress, by name or the layer's place, or as a function says. Default all; biases stay as they are. */
  layers: option.that<readonly string[] | ((weight: PlacedWeight) => boolean)>(
    'a list of names, or a function that tells',
    (value) =>
      typeof value === 'function' ||
      (Array.isArray(value) && Array.from(value).every((name) => typeof name === 'string')),
  ),
  /** Decides hashes and the start values of fits. Default 0. */
  seed: option.real(),
  /** Options of the fit, as `project` takes them. */
  fit: option.any<ProjectOptions>(),
  /** A number that tells how good a model is, for the report: accuracy on test data, say. */
  evaluate: option.callable<(model: Module) => number | PromiseLike<number>>(),
  /** Trains the compressed model: `(model) => fit({ model, data, epochs: 3 })`. */
  fineTune: option.callable<(model: Module) => AsyncIterable<unknown> | PromiseLike<unknown>>(),
  /** Schemes of the caller's own that the model has, besides those of this package. */
  schemes: schemesRule,
};

/** Options of `compress`. */
export type CompressOptions = OptionsOf<typeof rules>;

export interface Compression {
  readonly model: Module;
  readonly report: CompressionReport;
}

const operation = 'compress';

/** Hashes of the user's own that the model's weights have. */
function hashesIn(model: Module): Readonly<Record<string, OwnHash>> {
  const hashes = [...model.weights().values()].flatMap(({ ownHash }) => ownHash ?? []);
  return Object.fromEntries(hashes.map((hash) => [hash.label, hash]));
}

/**
 * A model whose matrices are stored by other schemes, each fitted to the trained matrix by `project`. All else is
 * copied: biases, normalisation, running statistics. The given model stays as it is, and shares nothing with the new one.
 *
 * @throws ArgumentError that names the layer: for a name that the model does not have, a scheme that does not fit, a
 * request for a shared space, values that are not finite
 */
export async function compress(model: Module, options: CompressOptions): Promise<Compression> {
  requireModule(operation, model);
  checkOptions(operation, rules, options);
  const { seed = 0, fit, evaluate, fineTune } = options;
  const requests = requestsFor(model, options);
  const before = model.summary().total;
  const scoreBefore = await evaluate?.(model);
  const weights: CompressedWeight[] = [];
  const small = await copyModule(model, {
    schemes: knownSchemes(
      Object.fromEntries([...Object.values(schemes), ...Object.values(options.schemes ?? {})].entries()),
      hashesIn(model),
    ),
    replace: (place, name, trained) => {
      const fullName = placeIn(place, name);
      const request = requests.get(fullName);
      if (!request) return trained;
      const { weight, error } = located(fullName, () =>
        fitted(trained, request, deriveSeed(seed, fullName), fit),
      );
      weights.push({
        name: fullName,
        before: rowOf(fullName, trained),
        after: rowOf(fullName, weight),
        error,
      });
      return weight;
    },
  });
  const scoreAfter = await evaluate?.(small);
  const tuning = fineTune?.(small);
  if (tuning && Symbol.asyncIterator in tuning) for await (const _ of tuning);
  else await tuning;
  const scoreTuned = tuning && (await evaluate?.(small));
  return {
    model: small,
    report: reportOf({
      weights,
      before,
      after: small.summary().total,
      ...(scoreBefore !== undefined &&
        scoreAfter !== undefined && {
          scores: {
            before: scoreBefore,
            after: scoreAfter,
            ...(scoreTuned !== undefined && { fineTuned: scoreTuned }),
          },
        }),
    }),
  };
}

/** What each chosen matrix shall become, by name. */
function requestsFor(model: Module, { weight, layers }: CompressOptions): ReadonlyMap<string, WeightRequest> {
  const placed = placedWeights(model);
  const isChosen = typeof layers === 'function' ? layers : layers && lookup(placed, layers);
  const requestOf =
    typeof weight === 'function' ? weight : isRequest(weight) ? () => weight : requestIn(placed, weight);
  const requests = new Map<string, WeightRequest>();
  for (const each of placed) {
    if (isChosen && !isChosen(each)) continue;
    const request = requestOf(each);
    if (request?.space)
      throw new ArgumentError({
        operation,
        expected: `a weight with values of its own for ${each.name}`,
        actual: `the shared space ${request.space.name}`,
        remedy: 'A fit to one layer would undo that to another: give each layer a size.',
      });
    if (!request) continue;
    // What does not fit is refused before anything is fitted, which may take long.
    located(each.name, () => createWeight(request, { rows: each.rows, cols: each.cols }));
    requests.set(each.name, request);
  }
  return requests;
}

function requestIn(
  placed: readonly PlacedWeight[],
  requests: Readonly<Record<string, WeightRequest>>,
): (weight: PlacedWeight) => WeightRequest | undefined {
  const nameOf = lookup(placed, Object.keys(requests));
  return (weight) => {
    const name = nameOf(weight);
    return name === undefined ? undefined : requests[name];
  };
}

/** Finds the name that a weight was given. @throws ArgumentError for a name of none */
function lookup(
  placed: readonly PlacedWeight[],
  names: readonly string[],
): (weight: PlacedWeight) => string | undefined {
  const isNameOf = (name: string, weight: PlacedWeight): boolean =>
    name === weight.name || weight.places.includes(name);
  const stranger = names.find((name) => !placed.some((weight) => isNameOf(name, weight)));
  if (stranger !== undefined)
    throw new ArgumentError({
      operation,
      expected: `layers or weights among ${placed.map(({ name }) => name).join(', ') || '(none)'}`,
      actual: shownValue(stranger),
    });
  return (weight) => names.find((name) => isNameOf(name, weight));
}

/** Every matrix of a model once, biases left out. */
export function placedWeights(model: Module): readonly PlacedWeight[] {
  requireModule('placedWeights', model);
  const places = new Map<Module, string[]>();
  const visit = (layer: Module, place: string): void => {
    for (const [name, member] of layer.members) visit(member, placeIn(place, name));
    const earlier = places.get(layer);
    if (earlier) earlier.push(place);
    else places.set(layer, [place]);
  };
  visit(model, '');
  return [...places].flatMap(([layer, all]) =>
    [...layer.ownWeights()].flatMap(([name, { definition, rows, cols }]): PlacedWeight[] =>
      name === 'bias'
        ? []
        : [{ name: placeIn(all[0] as string, name), places: all, layer, kind: definition.kind, rows, cols }],
    ),
  );
}

function fitted(
  trained: Weight,
  request: WeightRequest,
  seed: number,
  options: ProjectOptions | undefined,
): { weight: Weight; error: number } {
  const { rows, cols } = trained;
  return scope(() => {
    const target = trained.decode();
    const std = rootMeanSquare(target);
    const weight = createWeight(request, { rows, cols, seed, ...(std > 0 && { std }) });
    return { weight, error: project(weight, target, options).errorAfter };
  });
}

function rootMeanSquare(matrix: Tensor): number {
  const values = matrix.dataSync();
  return Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
}

function rowOf(name: string, { definition, rows, cols, parameters, notes }: Weight): SummaryRow {
  const part = { name, kind: definition.kind, shape: [rows, cols], parameters, notes };
  return summarize([part]).rows[0] as SummaryRow;
}

/** Runs `fit`; what it refuses is reported with the weight's name. */
function located<T>(name: string, fit: () => T): T {
  try {
    return fit();
  } catch (cause) {
    if (!(cause instanceof FunhashError)) throw cause;
    const { operation: part, ...details } = cause.details;
    throw new ArgumentError({ ...details, operation: `${operation} ${name}: ${part}` }, { cause });
  }
}
