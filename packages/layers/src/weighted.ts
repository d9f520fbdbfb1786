import { reshape } from '@funhash/autodiff';
import { ArgumentError, deriveSeed } from '@funhash/hashing';
import {
  createWeight,
  dense,
  Parameter,
  type SharedSpace,
  type Weight,
  type WeightRequest,
} from '@funhash/space';
import type { Tensor } from '@funhash/tensor';
import { type ActivationName, activationNamed } from './activations.ts';
import type { Pass } from './layer.ts';
import type { LayerReader } from './model-file/layer-reader.ts';
import { Module } from './module.ts';
import type { SummaryPart } from './summary.ts';
import { uniquelyNamed } from './uniquely-named.ts';

/** Options of every layer with a matrix of weights. */
export interface WeightedOptions {
  /** Default none. */
  readonly activation?: ActivationName;
  /** What the input becomes before it is multiplied, such as `sign` for products of ±1. Default: as it is. */
  readonly quantizeInput?: ActivationName;
  /** Plain values, none, or a virtual column of any scheme. Default plain, starting at 0. */
  readonly bias?: boolean | WeightRequest;
  /** How the matrix is stored. Default: every entry. */
  readonly weight?: WeightRequest;
  /** Decides start values and hashes. Default: from the network's seed and the layer's place in it, or 0. */
  readonly seed?: number;
  /** Standard deviation of the matrix at the start. Default √(2 / inputs of an output), He et al. 2015. */
  readonly std?: number;
}

/** The matrix of a layer, and what comes out of it. */
export interface WeightedShape {
  /** Names the layer in errors. */
  readonly operation: string;
  readonly rows: number;
  readonly cols: number;
  /** Length of the bias. */
  readonly out: number;
  /** Inputs that one output is a sum of. */
  readonly fanIn: number;
}

/**
 * What layers have in common that multiply by a virtual matrix, add a bias and apply an activation: both are made on
 * first use, by the seed, and are saved and restored.
 */
export abstract class Weighted<O extends WeightedOptions> extends Module {
  readonly options: O;
  readonly #shape: WeightedShape;
  #seed: number;
  #weight: Weight | undefined;
  #bias: Parameter | Weight | undefined;
  #spaces: ReadonlySet<SharedSpace>;

  constructor(options: O, shape: WeightedShape) {
    super();
    const { activation, quantizeInput, bias, weight, seed = 0, std = 1 } = options;
    for (const name of [activation, quantizeInput]) if (name !== undefined) activationNamed(name);
    if (!Number.isFinite(seed) || !(std > 0 && std < Number.POSITIVE_INFINITY))
      throw new ArgumentError({
        operation: shape.operation,
        expected: 'a finite seed, and a finite std above 0',
        actual: `seed ${seed}, std ${std}`,
      });
    this.options = options;
    this.#shape = shape;
    this.#seed = seed;
    this.#spaces = spacesOf(weight, typeof bias === 'object' ? bias : undefined);
  }

  override seedWith(seed: number): void {
    if (this.options.seed === undefined && !this.#weight) this.#seed = seed;
  }

  /** V [rows, cols]. */
  get weight(): Weight {
    if (!this.#weight) {
      const { rows, cols, fanIn } = this.#shape;
      const { weight = dense(), std = Math.sqrt(2 / fanIn) } = this.options;
      this.#weight = createWeight(weight, { rows, cols, seed: this.#seed, std });
    }
    return this.#weight;
  }

  /** Plain values [out], a virtual column, or none. */
  get bias(): Parameter | Weight | undefined {
    const { out, fanIn } = this.#shape;
    const { bias = true } = this.options;
    if (bias === false) return undefined;
    if (!this.#bias)
      this.#bias =
        bias === true
          ? Parameter.of('bias', new Float32Array(out), [out])
          : // A virtual column cannot start at 0; the spread is that of the HashedNets code, U(±1/√in).
            createWeight(bias, {
              rows: out,
              cols: 1,
              seed: deriveSeed(this.#seed, 'bias'),
              std: 1 / Math.sqrt(3 * fanIn),
            });
    return this.#bias;
  }

  override forward(x: Tensor, pass?: Pass): Tensor {
    const { weight } = this;
    if (!weight.isRandom || !pass?.training) return super.forward(x, pass);
    weight.draw(pass.random.uint32());
    try {
      return super.forward(x, pass);
    } finally {
      weight.draw(0);
    }
  }

  /** The bias as a tensor [out]. */
  protected biasValues(): Tensor | undefined {
    const { bias } = this;
    return bias instanceof Parameter ? bias.value : bias && reshape(bias.decode(), [this.#shape.out]);
  }

  protected quantized(x: Tensor, pass: Pass): Tensor {
    const { quantizeInput } = this.options;
    return quantizeInput === undefined ? x : activationNamed(quantizeInput)(x, pass);
  }

  protected activated(y: Tensor, pass: Pass): Tensor {
    const { activation } = this.options;
    return activation === undefined ? y : activationNamed(activation)(y, pass);
  }

  override namedParameters(): ReadonlyMap<string, Parameter> {
    const { weight, bias } = this;
    const own = (name: string, part: Weight): [string, Parameter][] =>
      part.parameters
        .map((parameter, k): [string, Parameter] => [`${name}.${part.arrayNames[k]}`, parameter])
        .filter(([, parameter]) => parameter !== part.space?.parameter);
    return uniquelyNamed(this.#shape.operation, [
      ...own('weight', weight),
      ...(bias instanceof Parameter ? [['bias', bias] as const] : bias ? own('bias', bias) : []),
      ...[...this.sharedSpaces()].map((space) => [space.name, space.parameter] as const),
    ]);
  }

  override sharedSpaces(): ReadonlySet<SharedSpace> {
    return this.#spaces;
  }

  override parts(): readonly SummaryPart[] {
    const { weight, bias } = this;
    const { out } = this.#shape;
    const rows: SummaryPart[] = [
      {
        name: 'weight',
        kind: weight.definition.kind,
        shape: [weight.rows, weight.cols],
        parameters: weight.parameters,
        notes: weight.notes,
      },
    ];
    if (bias instanceof Parameter)
      rows.push({ name: 'bias', kind: 'bias', shape: [out], parameters: [bias] });
    else if (bias)
      rows.push({ name: 'bias', kind: bias.definition.kind, shape: [out], parameters: bias.parameters });
    return rows;
  }

  /** The part of the spec that is about weight, bias and activation. */
  protected get weightedSpec(): Readonly<Record<string, unknown>> {
    const { activation, quantizeInput } = this.options;
    const { weight, bias } = this;
    return {
      ...(activation && { activation }),
      ...(quantizeInput && { quantizeInput }),
      weight: weight.spec,
      bias: bias instanceof Parameter ? true : (bias?.spec ?? false),
    };
  }

  /** Takes weight and bias from a file; the options must be those of `weightedOptions`. */
  protected restore(reader: LayerReader): this {
    const { rows, cols, out } = this.#shape;
    const { bias } = reader.spec;
    const weight = reader.weight('weight', rows, cols);
    const column = typeof bias === 'boolean' ? undefined : reader.weight('bias', out, 1);
    this.#weight = weight;
    this.#bias = bias === true ? reader.parameter('bias', [out]) : column;
    this.#spaces = spacesOf(weight, column);
    return this;
  }
}

/** The options of a spec that are about bias and activation. */
export function weightedOptions(reader: LayerReader): WeightedOptions {
  return {
    ...(reader.has('activation') && { activation: reader.text('activation') as ActivationName }),
    ...(reader.has('quantizeInput') && { quantizeInput: reader.text('quantizeInput') as ActivationName }),
    bias: reader.spec.bias !== false,
  };
}

/** @throws ArgumentError unless each is a whole number ≥ 1 */
export function requireCounts(operation: string, counts: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(counts))
    if (!Number.isInteger(value) || (value as number) < 1)
      throw new ArgumentError({ operation, expected: `${name}: a whole number ≥ 1`, actual: String(value) });
}

function spacesOf(...parts: readonly (Weight | WeightRequest | undefined)[]): ReadonlySet<SharedSpace> {
  return new Set(parts.map((part) => part?.space).filter((space) => space !== undefined));
}
