import { isRecording } from '@funhash/autodiff/op-parts';
import {
  ArgumentError,
  checkArgument,
  checkOptions,
  deriveSeed,
  option,
  random,
  shownValue,
} from '@funhash/hashing';
import {
  currentRecording,
  decideByContents,
  type FloatDType,
  keep,
  requireRoom,
  requireTensor,
  runVirtualRows,
  type Shape,
  sizeOf,
  type Tensor,
  unrecorded,
} from '@funhash/tensor';
import { plainMatrix } from '../ops/plain-matrix.ts';
import { repeatedMatmul } from '../ops/repeated-matmul.ts';
import { virtualMatmul } from '../ops/virtual-matmul.ts';
import { operandOf, type VirtualMatrix } from '../ops/virtual-matrix.ts';
import { virtualRows } from '../ops/virtual-rows.ts';
import { type OptionSchema, type OptionValues, resolveOptions, writtenOptions } from '../options.ts';
import { OwnHash } from '../own-hash.ts';
import {
  budgetOf,
  type MatrixShape,
  requestRule,
  type SchemeDefinition,
  type WeightPolicy,
  type WeightRequest,
} from '../scheme.ts';
import { virtualOf } from '../virtual-of.ts';
import { measuredStd } from './measured-std.ts';
import { Parameter } from './parameter.ts';
import type { SharedSpace } from './shared-space.ts';

/** All that decides a virtual matrix besides its stored values: plain JSON data. */
export interface WeightSpec extends MatrixShape {
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly policy: WeightPolicy;
  /** The constant that entries are multiplied by, where the scheme has one. */
  readonly scale?: number;
  /** Name of the shared space, where the weight uses one. */
  readonly space?: string;
  /** Whether the scheme is one of the user's own: its kind is one among theirs. */
  readonly own?: boolean;
}

export interface WeightOptions extends MatrixShape {
  /** Decides start values and, where the request names no other, the hashes. Default 0. */
  readonly seed?: number;
  /** Standard deviation of the entries of V at the start. Default √(2 / cols), He et al. 2015. */
  readonly std?: number;
  /** The precision of the stored values. Default f32, or that of the shared space which the request names. */
  readonly dtype?: FloatDType | undefined;
}

const weightRules = {
  // Refused by the name of the scheme.
  rows: option.any<number>(),
  cols: option.any<number>(),
  seed: option.integer(),
  std: option.real({ least: 0 }),
  dtype: option.oneOf(['f32', 'f64']),
};

const shapeRule = option.that<MatrixShape>(
  'the extents { rows, cols } of a matrix',
  (shape) =>
    typeof shape === 'object' &&
    shape !== null &&
    'rows' in shape &&
    'cols' in shape &&
    [shape.rows, shape.cols].every((extent) => typeof extent === 'number' && extent >= 0),
);

/**
 * Binds a scheme to a shape, with start values.
 *
 * @throws ArgumentError where an option, the extents or the size do not suit the scheme, or a shared space has another
 * dtype than the one asked for
 */
export function createWeight(request: WeightRequest, given: WeightOptions): Weight {
  checkArgument('createWeight', 'request', requestRule, request);
  checkOptions('createWeight', weightRules, given);
  const { rows, cols, seed = 0, std, dtype: asked } = given ?? {};
  const { definition } = request.scheme;
  const shape = { rows, cols };
  for (const [name, extent] of Object.entries(shape))
    if (!Number.isInteger(extent) || extent < 0 || extent >= 2 ** 32)
      throw new ArgumentError({
        operation: definition.kind,
        expected: `${name}: a whole number below 2^32`,
        actual: extent === undefined ? 'none' : shownValue(extent),
      });
  const options = plannedOptions(request, shape, deriveSeed(seed, 'hash'));
  const arrays = definition.stored(options, shape);
  for (const [name, extents] of Object.entries(arrays))
    requireRoom(
      `${definition.kind} ${name} of a weight [${rows}, ${cols}]`,
      'f64',
      sizeOf(extents),
      'Use a scheme that stores less, such as hashedNet({ ratio: 1 / 64 }), or smaller layers.',
    );
  const target = std ?? Math.sqrt(2 / Math.max(1, cols));
  const shared = sharedValues(request, definition);
  const isScaled = request.space !== undefined || (definition.isScaled?.(options) ?? false);
  // Traced only where it is measured: the formula of a long sum is slow to trace.
  const measure = (values: Readonly<Record<string, Float64Array>>): number =>
    measuredStd(virtualOf(definition, options, shape, isScaled ? 1 : undefined), { ...values, ...shared });
  const start = definition.initialize({
    ...shape,
    options,
    draw: random(deriveSeed(seed, 'values')),
    std: target,
    shared,
    measureStd: measure,
  });
  const rules = definition.rules?.(options, shape) ?? {};
  const dtype = dtypeFor(request, asked);
  const parameters = Object.entries(arrays).map(([name, extents]) =>
    name in shared && request.space
      ? request.space.parameter
      : Parameter.of(name, startOf(definition.kind, start, name, extents), extents, {
          ...rules[name],
          dtype,
        }),
  );
  const scale = isScaled ? target / measure(start) : undefined;
  const { policy, space } = request;
  return new Weight({ definition, options, rows, cols, parameters, policy, space, scale });
}

/** One product reads all stored values: those of a shared space decide. */
function dtypeFor({ scheme, space }: WeightRequest, asked: FloatDType | undefined): FloatDType {
  const dtype = (space?.parameter.value.dtype as FloatDType | undefined) ?? asked ?? 'f32';
  if (asked === undefined || asked === dtype) return dtype;
  throw new ArgumentError({
    operation: scheme.definition.kind,
    expected: `dtype ${dtype}, as the shared space ${space?.name}`,
    actual: asked,
    remedy: 'Make the space with this dtype.',
  });
}

function startOf(
  kind: string,
  start: Readonly<Record<string, Float64Array>>,
  name: string,
  shape: Shape,
): Float64Array {
  const values = start[name];
  if (values?.length !== sizeOf(shape))
    throw new ArgumentError({
      operation: kind,
      expected: `${sizeOf(shape)} start values for ${name}`,
      actual: String(values?.length ?? 'none'),
    });
  return values;
}

/**
 * All options of a request for a matrix: those given, those that its size asks for, defaults.
 *
 * @param seed decides hashes where the request names no seed
 * @throws ArgumentError where the scheme has no form of this size for these extents, or does not take an option
 */
export function plannedOptions(
  request: WeightRequest,
  shape: MatrixShape,
  seed: number,
): OptionValues<OptionSchema> {
  checkArgument('plannedOptions', 'request', requestRule, request);
  checkArgument('plannedOptions', 'shape', shapeRule, shape);
  checkArgument('plannedOptions', 'seed', option.real(), seed);
  const { definition } = request.scheme;
  const budget = budgetOf(request.size, shape);
  const given = Object.entries(request.options).filter(([, value]) => value !== undefined);
  const fixed: Record<string, unknown> = Object.fromEntries(given);
  if (request.space && definition.pool) fixed[definition.pool.count] = request.space.parameter.value.size;
  checkOptions(definition.kind, definition.options, fixed);
  const planned = definition.plan({ ...shape, budget, given: fixed as Partial<OptionValues<OptionSchema>> });
  const options = resolveOptions(definition.kind, definition.options, { ...planned, ...fixed }, seed);
  const needed = Object.values(definition.stored(options, shape)).reduce(
    (sum, extents) => sum + sizeOf(extents),
    0,
  );
  if (budget !== undefined && needed > budget && !request.space)
    throw new ArgumentError({
      operation: definition.kind,
      expected: `room for the smallest form of the scheme, ${needed} values`,
      actual: `a budget of ${budget} values for ${shape.rows} × ${shape.cols}`,
      remedy: 'Give it a larger ratio, or choose another scheme for this layer.',
    });
  return options;
}

function sharedValues(
  { space }: WeightRequest,
  { kind, pool }: SchemeDefinition<OptionSchema>,
): Record<string, Float64Array> {
  if (!space) return {};
  if (!pool)
    throw new ArgumentError({
      operation: kind,
      expected: 'a scheme whose values can be shared',
      actual: `a shared space for ${kind}`,
    });
  return { [pool.array]: Float64Array.from(space.parameter.value.dataSync()) };
}

/** What a weight consists of. */
export interface WeightParts extends MatrixShape {
  readonly definition: SchemeDefinition<OptionSchema>;
  /** All options of the scheme. */
  readonly options: OptionValues<OptionSchema>;
  /** The stored arrays, in the order in which the scheme names them. */
  readonly parameters: readonly Parameter[];
  readonly policy: WeightPolicy;
  /** The shared space that one of the parameters belongs to. */
  readonly space?: SharedSpace | undefined;
  /** What entries are multiplied by, where the scheme or a shared space asks for it. */
  readonly scale?: number | undefined;
}

const partsRule = option.that<WeightParts>(
  'what createWeight and restoreWeight find',
  (parts) =>
    typeof parts === 'object' &&
    parts !== null &&
    'definition' in parts &&
    'parameters' in parts &&
    Array.isArray(parts.parameters) &&
    parts.parameters.every((each) => each instanceof Parameter),
);

/**
 * A matrix V[rows, cols] that layers use without asking how it is stored. Its parameters are all that is trainable
 * in it.
 */
export class Weight {
  readonly definition: SchemeDefinition<OptionSchema>;
  readonly options: OptionValues<OptionSchema>;
  readonly rows: number;
  readonly cols: number;
  readonly parameters: readonly Parameter[];
  readonly policy: WeightPolicy;
  readonly space: SharedSpace | undefined;
  readonly scale: number | undefined;
  // Options never change, nor do the tensors of parameters: all these are looked up once, not at every product.
  readonly #values: readonly Tensor[];
  #names: readonly string[] | undefined;
  #named: Readonly<Record<string, Tensor>> | undefined;
  #matrix: VirtualMatrix | undefined;
  #decoded:
    | { readonly version: number; readonly tensor: Tensor; readonly recording: object | undefined }
    | undefined;
  /** The name of the option that is drawn, where the scheme has one. */
  readonly #drawnOption: string | undefined;
  #drawn = 0;

  constructor(parts: WeightParts) {
    checkArgument('Weight', 'parts', partsRule, parts);
    const { definition, options, rows, cols, parameters, policy, space, scale } = parts;
    this.definition = definition;
    this.options = options;
    this.rows = rows;
    this.cols = cols;
    this.parameters = parameters;
    this.policy = policy;
    this.space = space;
    this.scale = scale;
    this.#values = parameters.map(({ value }) => value);
    this.#drawnOption = Object.entries(definition.options).find(([, { isDrawn }]) => isDrawn)?.[0];
  }

  get spec(): WeightSpec {
    const { definition, options, rows, cols, policy, space, scale } = this;
    return {
      kind: definition.kind,
      rows,
      cols,
      options: writtenOptions(definition.options, options),
      policy,
      ...(scale !== undefined && { scale }),
      ...(space && { space: space.name }),
      ...(definition.isOwn && { own: true }),
    };
  }

  /** The hash of the user's own that its entries are found by, where there is one. */
  get ownHash(): OwnHash | undefined {
    return Object.values(this.options).find((value) => value instanceof OwnHash);
  }

  /** What its scheme has to say of it besides sizes. */
  get notes(): readonly string[] {
    return this.definition.notes?.(this.options, this) ?? [];
  }

  /** Entries of V. */
  get virtualCount(): number {
    return this.rows * this.cols;
  }

  /** Trainable values, those of a shared space included. */
  get storedCount(): number {
    return this.parameters.reduce((sum, { value }) => sum + value.size, 0);
  }

  /** Whether its entries are random in training. */
  get isRandom(): boolean {
    return this.#drawnOption !== undefined;
  }

  /** Whether the one stored array is V itself, entry by entry. */
  get isPlain(): boolean {
    return this.definition.isPlain === true && this.scale === undefined;
  }

  /**
   * The same weight with the random entries of a training pass; its parameters are shared.
   *
   * @param word a 32-bit word: the same one gives the same entries. 0: those of inference
   */
  drawn(word: number): Weight {
    const weight = new Weight(this);
    weight.#drawn = word;
    return weight;
  }

  /** Frees the stored values and what was decoded of them; a shared space stays. */
  dispose(): void {
    for (const parameter of this.parameters)
      if (parameter !== this.space?.parameter) parameter.value.dispose();
    this.#decoded?.tensor.dispose();
    this.#decoded = undefined;
  }

  /** V as the consuming ops take it. */
  get virtual(): VirtualMatrix {
    this.#requireTrainable();
    if (!this.#matrix) {
      const name = this.#drawnOption;
      const options = name === undefined ? this.options : { ...this.options, [name]: this.#drawn };
      const { arrays: _, ...unfilled } = virtualOf(this.definition, options, this, this.scale);
      this.#matrix = { ...unfilled, stored: this.#values };
    }
    const decoded = this.#keptDecoded(this.#matrix);
    return decoded ? { ...this.#matrix, decoded } : this.#matrix;
  }

  /** x [B, cols] · Vᵀ (+ bias [rows]) → [B, rows], differentiable by x, bias and the stored values. */
  matmul(x: Tensor, bias?: Tensor): Tensor {
    const { definition, options, rows, cols, scale } = this;
    if (!definition.apply) return virtualMatmul(x, this.virtual, bias);
    return definition.apply(x, this.#stored, { rows, cols, options, bias, scale });
  }

  /**
   * `matmul` for many x, one after the other, as a recurrent layer uses it: where nothing is contracted, the gradients of
   * the stored values are formed of all uses together.
   */
  repeatedMatmul(bias?: Tensor): (x: Tensor) => Tensor {
    if (this.isPlain) return repeatedMatmul(plainMatrix(this.#values[0] as Tensor), bias);
    return this.definition.apply ? (x) => this.matmul(x, bias) : repeatedMatmul(this.virtual, bias);
  }

  /**
   * V as `virtualConv` and `virtualConvTranspose` take it. A kernel is used at every place of an image, so that schemes
   * which contract are decoded here.
   */
  get kernel(): VirtualMatrix {
    const { apply, rowsAt } = this.definition;
    return !rowsAt || (!apply && this.virtual.decoded) ? this.virtual : plainMatrix(this.decode());
  }

  /** Rows ids [N] (i32) of V → [N, cols], differentiable by the stored values. */
  rowsAt(ids: Tensor): Tensor {
    requireTensor(`${this.definition.kind} rowsAt`, ids, 'ids');
    return this.#rows(ids);
  }

  /** V itself, [rows, cols], differentiable by the stored values. For looking at it and for tests. */
  decode(): Tensor {
    return this.#rows();
  }

  #rows(ids?: Tensor): Tensor {
    const { definition, options, rows, cols, scale } = this;
    if (!definition.rowsAt) return virtualRows({ ...this.virtual, decoded: undefined }, ids);
    return definition.rowsAt(this.#stored, { rows, cols, options, scale, ids });
  }

  get #stored(): Readonly<Record<string, Tensor>> {
    this.#requireTrainable();
    this.#named ??= Object.fromEntries(this.#values.map((value, k) => [this.arrayNames[k] as string, value]));
    return this.#named;
  }

  /** Names of the stored arrays in the order of the parameters. */
  get arrayNames(): readonly string[] {
    this.#names ??= Object.keys(this.definition.stored(this.options, this));
    return this.#names;
  }

  #requireTrainable(): void {
    if (this.policy === 'frozen' && isRecording(this.#values))
      throw new ArgumentError({
        operation: `${this.definition.kind} under policy frozen`,
        expected: 'inference',
        actual: 'a gradient by its stored values',
        remedy: 'Train under policy tile or step.',
      });
  }

  #keptDecoded(matrix: VirtualMatrix): Tensor | undefined {
    // What is drawn lasts for one use.
    if (this.policy === 'tile' || this.definition.apply || this.#drawn !== 0) return undefined;
    const version = this.parameters.reduce((sum, parameter) => sum + parameter.version, 0);
    // A plan decodes what its run finds, but for values that stay as they are.
    const isFrozen = this.policy === 'frozen';
    if (isFrozen) decideByContents(this.#values);
    const recording = isFrozen ? undefined : currentRecording();
    if (this.#decoded?.version !== version || this.#decoded.recording !== recording) {
      this.#decoded?.tensor.dispose();
      const decode = (): Tensor => keep(runVirtualRows(operandOf(matrix), null));
      this.#decoded = { version, recording, tensor: isFrozen ? unrecorded(decode) : decode() };
    }
    return this.#decoded.tensor;
  }
}

/** A weight, as functions take it. */
export const weightRule = option.that<Weight>(
  'a Weight, such as layer.weight',
  (value) => value instanceof Weight,
);
