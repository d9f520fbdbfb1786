import { add, multiply, onesLike, reshape } from '@funhash/autodiff';
import type { OptionsOf } from '@funhash/hashing';
import { dense, type Parameter, type Weight } from '@funhash/space';
import { scope, type Tensor } from '@funhash/tensor';
import { type ActivationName, activationNamed } from './activations.ts';
import { layerOption, startOptions } from './layer-options.ts';
import { Module } from './module.ts';
import { OwnValues, OwnWeight } from './owned.ts';
import type { Pass } from './pass.ts';
import type { ProductStep, Step } from './steps.ts';

/** Options of every layer with a matrix of weights. */
export const weightedOptions = {
  /** Applied to the output. Default none. */
  activation: layerOption.activation(),
  /** What the input becomes before it is multiplied, such as `sign` for products of ±1. Default: as it is. */
  quantizeInput: layerOption.activation(),
  /** Plain values, none, or a virtual column of any scheme. Default plain, starting at 0. */
  bias: layerOption.bias(),
  /** How the matrix is stored. Default: every entry. */
  weight: layerOption.weight(),
  /** Standard deviation of the matrix at the start. Default √(2 / inputs of an output), He et al. 2015. */
  std: layerOption.start(layerOption.positive()),
  ...startOptions,
} as const;

export type WeightedOptions = OptionsOf<typeof weightedOptions>;

/** The matrix of a layer, and what comes out of it. */
export interface WeightedShape {
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
export abstract class Weighted<O extends WeightedOptions> extends Module<O> {
  readonly #shape: WeightedShape;
  readonly #weight: OwnWeight;
  readonly #bias: OwnValues | OwnWeight | undefined;

  /** @param shapeOf the extents, of options that were checked */
  constructor(options: O, shapeOf: (options: O) => WeightedShape) {
    super(options);
    this.#shape = shapeOf(this.options);
    const { rows, cols, out, fanIn } = this.#shape;
    const { bias = true, weight = dense(), std = Math.sqrt(2 / fanIn) } = this.options;
    const operation = this.title;
    this.#weight = this.own(new OwnWeight('weight', weight, { operation, rows, cols, std }));
    if (bias === true) this.#bias = this.own(new OwnValues('bias', [out], { spec: true }));
    else if (bias !== false)
      this.#bias = this.own(
        // A virtual column cannot start at 0; the spread is that of the HashedNets code, U(±1/√in).
        new OwnWeight('bias', bias, {
          ...{ operation, rows: out, cols: 1, shape: [out] },
          seedLabel: 'bias',
          std: 1 / Math.sqrt(3 * fanIn),
        }),
      );
  }

  /** V [rows, cols]. */
  get weight(): Weight {
    return this.#weight.weight;
  }

  /** Plain values [out], a virtual column, or none. */
  get bias(): Parameter | Weight | undefined {
    return this.#bias instanceof OwnValues ? this.#bias.parameter : this.#bias?.weight;
  }

  /** V for one pass: where its entries are random in training, it is drawn anew. */
  protected weightFor({ training, random }: Pass): Weight {
    const { weight } = this;
    return training && weight.isRandom ? weight.drawn(random.uint32()) : weight;
  }

  /** The bias as a tensor [out]. */
  protected biasValues(): Tensor | undefined {
    const bias = this.#bias;
    if (!bias) return undefined;
    return bias instanceof OwnValues ? bias.value : reshape(bias.weight.decode(), [this.#shape.out]);
  }

  protected quantized(x: Tensor, pass: Pass): Tensor {
    const { quantizeInput } = this.options;
    return quantizeInput === undefined ? x : activationNamed(quantizeInput)(x, pass);
  }

  protected activated(y: Tensor, pass: Pass): Tensor {
    const { activation } = this.options;
    return activation === undefined ? y : activationNamed(activation)(y, pass);
  }

  /** How its product reads its input; undefined: it cannot be said. */
  protected get product(): Pick<ProductStep<Module>, 'channels' | 'windows' | 'groups'> | undefined {
    return undefined;
  }

  override inference(): readonly Step<Module>[] {
    const { product } = this;
    if (!product) return super.inference();
    const { quantizeInput, activation } = this.options;
    const { out } = this.#shape;
    const bias = (): Tensor => this.biasValues() as Tensor;
    const activationSteps = (name: ActivationName | undefined): Step<Module>[] =>
      name === undefined ? [] : [{ type: 'activation', name }];
    return [
      ...activationSteps(quantizeInput),
      {
        type: 'product',
        weight: this.weight,
        ...product,
        scaled: (factor, offset, name) => this.#scaled(factor, offset, name),
      },
      ...(this.#bias
        ? [
            {
              type: 'affine',
              channels: out,
              run: (x: Tensor) => add(x, bias()),
              terms: () => ({ factor: onesLike(bias()), offset: multiply(bias(), 1) }),
            } as const,
          ]
        : []),
      ...activationSteps(activation),
    ];
  }

  /** V′ = factor · V, b′ = factor · b + offset. */
  #scaled(factor: Tensor, offset: Tensor, activation: ActivationName | undefined): this | undefined {
    const { weight } = this;
    const { rows } = this.#shape;
    if (!weight.isPlain || this.#bias instanceof OwnWeight) return undefined;
    const { activation: _, ...options } = this.options;
    const changes = { ...options, weight: dense(), bias: true, ...(activation && { activation }) };
    const layer = new (this.constructor as new (options: object) => this)(changes);
    scope(() => {
      layer.weight.parameters[0]?.assign(multiply(weight.decode(), reshape(factor, [rows, 1])));
      const bias = this.biasValues();
      (layer.bias as Parameter).assign(bias ? add(multiply(bias, factor), offset) : offset);
    });
    return layer;
  }
}
