import type { Real, Word } from '@funhash/formula';
import {
  ArgumentError,
  checkArgument,
  checkOptions,
  type OptionRules,
  option,
  type Random,
} from '@funhash/hashing';
import type { Shape, Tensor } from '@funhash/tensor';
import type { Floats } from './linear-algebra/plain-matrix.ts';
import type { FormulaOptions, OptionSchema, OptionValues } from './options.ts';
import type { SchemeLawName } from './testing/law-names.ts';
import type { ParameterRule } from './weight/parameter.ts';
import type { SharedSpace } from './weight/shared-space.ts';

/** Extents of a virtual matrix V: [out, in] of the layer that uses it. */
export interface MatrixShape {
  readonly rows: number;
  readonly cols: number;
}

/** The place of an entry, and what its formula may use. */
export interface Entry {
  readonly row: Word;
  readonly col: Word;
  /** The extents, as run-time words. */
  readonly rows: Word;
  readonly cols: Word;
  /** The hash of the scheme's `hash` option, of a two-word key under a seed. */
  hash(row: Word | number, col: Word | number, seed: Word): Word;
}

/** A stored array as an entry formula reads it. */
export interface StoredArray {
  at(index: Word | number): Real;
}

export interface Plan<O extends OptionSchema> extends MatrixShape {
  /** Stored values that the user allows, if the size was given by ratio, values or bytes. */
  readonly budget: number | undefined;
  readonly given: Partial<OptionValues<O>>;
}

export interface Initialization<O extends OptionSchema> extends MatrixShape {
  readonly options: OptionValues<O>;
  readonly draw: Random;
  /** The standard deviation that the entries of V shall have. */
  readonly std: number;
  /** Values of a shared space, where this weight uses one, by name. */
  readonly shared: Readonly<Record<string, Float64Array>>;
  /** The standard deviation of the entries of V under these stored values, measured on a sample. */
  measureStd(values: Readonly<Record<string, Float64Array>>): number;
}

export interface Application<O extends OptionSchema> extends MatrixShape {
  readonly options: OptionValues<O>;
  /** [rows], to be added to each row of the result. */
  readonly bias: Tensor | undefined;
  /** The constant that entries are multiplied by, where the weight has one. */
  readonly scale: number | undefined;
}

export interface RowRequest<O extends OptionSchema> extends MatrixShape {
  readonly options: OptionValues<O>;
  readonly scale: number | undefined;
  /** The rows asked for, [N] (i32). Undefined: all. */
  readonly ids: Tensor | undefined;
}

export interface FitRequest<O extends OptionSchema> extends MatrixShape {
  readonly options: OptionValues<O>;
  /** [rows · cols], finite. Not to be changed. */
  readonly target: Floats;
  /** Stored values as they are, by name, flat. */
  readonly present: Readonly<Record<string, Float64Array>>;
}

/**
 * A scheme of compression space: how one entry V[row, col] of a virtual matrix comes from stored values. Everything
 * else is derived from `entry`: decoding on every backend, gradients, laws.
 */
export interface SchemeDefinition<O extends OptionSchema, S extends string = string> {
  readonly kind: string;
  /** Paper and equation. */
  readonly source: string;
  readonly options: O;
  /** Options that fit a budget of stored values; those the user gave are kept. */
  plan(request: Plan<O>): Partial<OptionValues<O>>;
  /** Shapes of the stored arrays: all that is trainable in the scheme, and nothing else. */
  stored(options: OptionValues<O>, shape: MatrixShape): Readonly<Record<S, Shape>>;
  /** Start values by name, flat, such that V has the standard deviation `std`. */
  initialize(request: Initialization<O>): Readonly<Record<NoInfer<S>, Float64Array>>;
  /** The formula of one entry, stated once. */
  entry(entry: Entry, stored: Readonly<Record<NoInfer<S>, StoredArray>>, options: FormulaOptions<O>): Real;
  /** x [B, cols] · Vᵀ → [B, rows] without V, for schemes that contract better than they decode. */
  apply?(x: Tensor, stored: Readonly<Record<NoInfer<S>, Tensor>>, application: Application<O>): Tensor;
  /** Rows of V, [N, cols], for schemes that make a row at once better than entry by entry. */
  rowsAt?(stored: Readonly<Record<NoInfer<S>, Tensor>>, request: RowRequest<O>): Tensor;
  /** Stored values by name, flat, with V near a given matrix: for schemes that find them without a search. */
  fit?(request: FitRequest<O>): Readonly<Record<string, Float64Array>>;
  /** What a user should know of a weight besides its sizes: how it is multiplied, what does not fit well. One line each. */
  notes?(options: OptionValues<O>, shape: MatrixShape): readonly string[];
  /**
   * Whether entries are multiplied by a constant of the weight, measured at the start so that V has the standard
   * deviation asked for: for schemes whose start values alone cannot give it. Default no.
   */
  isScaled?(options: OptionValues<O>): boolean;
  /** Whether it is a scheme of a user's own, of which files say so. `defineScheme` sets it. */
  readonly isOwn?: boolean;
  /** Whether the one stored array is V itself, entry by entry. Default no. */
  readonly isPlain?: boolean;
  /** How optimisers treat the stored arrays, by name. Default: without bounds, at their learning rate. */
  rules?(options: OptionValues<O>, shape: MatrixShape): Readonly<Partial<Record<NoInfer<S>, ParameterRule>>>;
  /** What suites over all schemes make weights of, where options drawn from the schema would not do. */
  readonly sample?: SchemeSample<O>;
  /** The stored array that a space shared by several layers may provide, and the option that counts it. */
  readonly pool?: { readonly array: NoInfer<S>; readonly count: string };
}

/** Small weights of a scheme, and what is to be known of it when they are checked. All of it has defaults. */
export interface SchemeSample<O extends OptionSchema> {
  /** Extents of V. Default 13 × 22. */
  readonly shape?: MatrixShape;
  /** Requests that fit these extents, always checked, the plainest first. Default: one half of the values. */
  readonly requests?: readonly (SizeRequest & Partial<OptionValues<O>>)[];
  /** Values to draw for single options, in place of what their schema takes; none: left to their default or plan. */
  readonly draws?: { readonly [K in keyof O]?: readonly OptionValues<O>[K][] };
  /** Laws that the scheme does not claim. */
  readonly except?: readonly SchemeLawName[];
  /** Largest relative error of the standard deviation of V. Default 0.1. */
  readonly stdTolerance?: number;
}

/**
 * When a virtual weight is decoded. `tile`: at every use, panel by panel, again in the backward pass; memory is the
 * stored values and one panel. `step`: once per change of the stored values, for weights used many times a step.
 * `frozen`: as `step`, for inference only: a gradient by the stored values is
 * refused.
 */
export type WeightPolicy = 'tile' | 'step' | 'frozen';

/** How large a weight may be: one of them, or the scheme's own size options. */
export interface SizeRequest {
  /** Stored ÷ virtual values, above 0 and at most 1. */
  readonly ratio?: number;
  /** Stored values. */
  readonly values?: number;
  /** Stored bytes, at four a value. */
  readonly bytes?: number;
}

/** What a layer's `weight:` option takes: a scheme with its size and options, not yet bound to a shape. */
export interface WeightRequest {
  readonly scheme: Scheme;
  readonly size: SizeRequest;
  readonly options: Readonly<Record<string, unknown>>;
  readonly policy: WeightPolicy;
  readonly space: SharedSpace | undefined;
}

export type SchemeArguments<O extends OptionSchema> = SizeRequest &
  Partial<OptionValues<O>> & {
    /** Default `tile`. */
    readonly policy?: WeightPolicy;
    /** A compression space shared with other layers, instead of one of this layer's own. */
    readonly space?: SharedSpace;
  };

/** A scheme whose option types are not known: as shared code sees it. */
export interface Scheme {
  readonly definition: SchemeDefinition<OptionSchema>;
  /** The same scheme over another one, where its entries are made of those of another. */
  over?(inner: Scheme): Scheme;
}

/** A scheme as users call it: `funHash({ ratio: 1 / 64 })`. */
export interface SchemeFunction<O extends OptionSchema> extends Scheme {
  (request?: SchemeArguments<O>): WeightRequest;
}

/** A scheme with its size and options, as layers take it. */
export const requestRule = option.that<WeightRequest>(
  'a scheme, such as hashedNet({ ratio: 1 / 64 })',
  (value) => isObject(value) && 'policy' in value && 'scheme' in value && isScheme(value.scheme),
);

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Whether a value is a scheme, or the function that makes requests of one. */
function isScheme(value: unknown): boolean {
  if (typeof value !== 'function' && !isObject(value)) return false;
  const { definition } = value as { readonly definition?: unknown };
  return isObject(definition) && 'kind' in definition && 'entry' in definition;
}

/** Schemes by any names. */
export const schemesRule = option.that<Readonly<Record<string, Scheme>>>(
  'a record of schemes, such as { hashedNet }',
  (value) => isObject(value) && !Array.isArray(value) && Object.values(value).every(isScheme),
);

const definitionRules = {
  kind: option.required(
    // Parentheses name a scheme over another, as `binary(hashedNet)`.
    option.that<string>(
      'a text of 1 to 64 characters without parentheses',
      (kind) => typeof kind === 'string' && /^[^()]{1,64}$/.test(kind),
    ),
  ),
  source: option.required(option.any<string>('the paper and the equation')),
  options: option.required(option.that<object>('a record of options', isObject)),
  plan: option.required(option.callable()),
  stored: option.required(option.callable()),
  initialize: option.required(option.callable()),
  entry: option.required(option.callable()),
} satisfies OptionRules;

const policies: readonly WeightPolicy[] = ['tile', 'step', 'frozen'];

/** What every scheme takes besides its own options. */
const commonRules = {
  ratio: option.that<number>(
    'a number above 0 and at most 1',
    (ratio) => typeof ratio === 'number' && ratio > 0 && ratio <= 1,
  ),
  values: option.count(),
  bytes: option.integer({ least: 4 }),
  policy: option.oneOf(policies),
  space: option.that<SharedSpace>(
    'a SharedSpace',
    (space) => space instanceof Object && 'parameter' in space,
  ),
} satisfies OptionRules;

/**
 * Makes a scheme from its definition.
 *
 * @returns the scheme as users call it. It throws OptionError for an unknown option, with the nearest known one, and
 * ArgumentError for a wrong value, or more than one size
 */
export function defineScheme<const O extends OptionSchema, S extends string>(
  definition: SchemeDefinition<O, S>,
): SchemeFunction<O> {
  checkArgument(
    'defineScheme',
    'definition',
    option.that('an object with kind, options, …', isObject),
    definition,
  );
  for (const [name, rule] of Object.entries(definitionRules))
    checkArgument('defineScheme', name, rule, definition[name as keyof typeof definitionRules]);
  // Shared code holds every scheme by one type; options are checked against the schema at run time.
  const scheme: Scheme = { definition: definition as unknown as SchemeDefinition<OptionSchema> };
  return Object.assign((given?: SchemeArguments<O>) => requestOf(scheme, given), scheme);
}

/** The request of a scheme by its arguments, checked. */
export function requestOf(scheme: Scheme, given: SchemeArguments<OptionSchema> = {}): WeightRequest {
  const { kind, options: schema } = scheme.definition;
  checkOptions(kind, { ...commonRules, ...schema }, given);
  const { ratio, values, bytes, policy = 'tile', space, ...options } = given ?? {};
  const size = {
    ...(ratio !== undefined && { ratio }),
    ...(values !== undefined && { values }),
    ...(bytes !== undefined && { bytes }),
  };
  const sizes = Object.keys(size);
  if (sizes.length > 1)
    throw new ArgumentError({
      operation: kind,
      expected: 'one of ratio, values and bytes',
      actual: sizes.join(' and '),
    });
  return { scheme, size, options, policy, space };
}

/** The stored values that a size request allows for a matrix; undefined where none was made. */
export function budgetOf(
  { ratio, values, bytes }: SizeRequest,
  { rows, cols }: MatrixShape,
): number | undefined {
  if (ratio !== undefined) return Math.max(1, Math.round(ratio * rows * cols));
  if (bytes !== undefined) return Math.floor(bytes / 4);
  return values;
}
