import { ArgumentError, deriveSeed } from '@funhash/hashing';
import {
  createWeight,
  Parameter,
  type ParameterRule,
  type SharedSpace,
  Weight,
  type WeightRequest,
} from '@funhash/space';
import {
  allocateArray,
  type FloatDType,
  requireRoom,
  type Shape,
  sameShape,
  shapeText,
  sizeOf,
  type Tensor,
} from '@funhash/tensor';
import type { LayerSource } from './layer-options.ts';
import type { SummaryPart } from './summary.ts';

type Named = readonly (readonly [name: string, parameter: Parameter])[];

/** What a layer holds under a name: made when it is first used, saved, and restored. */
export interface Owned {
  readonly name: string;
  /** Trained tensors that are its own, by their names in the layer. */
  parameters(): Named;
  /** Tensors that are saved, but not trained. */
  buffers(): Named;
  /** The matrix, where it is one. */
  readonly weight?: Weight;
  /** The space that others share with it. */
  readonly space?: SharedSpace | undefined;
  /** What a description says of it; undefined: nothing. */
  readonly spec: unknown;
  /** A row of the summary, or none. */
  part(): SummaryPart | undefined;
  /** Decides start values that are not made yet. */
  seedWith(seed: number): void;
  /** Decides the precision of values that are not made yet. */
  useDtype(dtype: FloatDType): void;
  /** Takes its values from a file. */
  restore(source: LayerSource): void;
  /** Frees what was made of it. */
  dispose?(): void;
  /** Takes the values of another layer's. */
  adopt(other: Owned): void;
}

export interface OwnValuesOptions {
  /** What all of them are at the start, or each. Default 0. */
  readonly start?: number | Float64Array;
  /** How optimisers treat them. */
  readonly rule?: ParameterRule;
  /** Whether they are trained. Default true; else they are saved only, as running statistics are. */
  readonly isTrained?: boolean;
  /** What a description says of them. Default nothing. */
  readonly spec?: unknown;
}

/** Plain values of a shape. */
export class OwnValues implements Owned {
  readonly name: string;
  readonly shape: Shape;
  readonly #options: OwnValuesOptions;
  #dtype: FloatDType = 'f32';
  #parameter: Parameter | undefined;

  constructor(name: string, shape: Shape, options: OwnValuesOptions = {}) {
    this.name = name;
    this.shape = shape;
    this.#options = options;
  }

  get parameter(): Parameter {
    if (!this.#parameter) {
      const { start = 0, rule } = this.#options;
      const size = sizeOf(this.shape);
      requireRoom(`${this.name} ${shapeText(this.shape)} of a layer`, 'f64', size);
      const values = typeof start === 'number' ? allocateArray('f64', size).fill(start) : start;
      this.#parameter = Parameter.of(this.name, values as Float64Array, this.shape, {
        ...rule,
        dtype: this.#dtype,
      });
    }
    return this.#parameter;
  }

  get value(): Tensor {
    return this.parameter.value;
  }

  get spec(): unknown {
    return this.#options.spec;
  }

  parameters(): Named {
    return (this.#options.isTrained ?? true) ? [[this.name, this.parameter]] : [];
  }

  buffers(): Named {
    return (this.#options.isTrained ?? true) ? [] : [[this.name, this.parameter]];
  }

  part(): SummaryPart | undefined {
    if (this.#options.isTrained === false) return undefined;
    const { name, shape, parameter } = this;
    return { name, kind: name, shape, parameters: [parameter] };
  }

  dispose(): void {
    this.#parameter?.value.dispose();
  }

  seedWith(): void {}

  useDtype(dtype: FloatDType): void {
    this.#dtype = dtype;
  }

  restore(source: LayerSource): void {
    this.#parameter = source.parameter(this.name, this.shape, this.#options.rule);
  }

  adopt(other: Owned): void {
    if (other instanceof OwnValues && sameShape(other.shape, this.shape)) this.#parameter = other.parameter;
  }
}

export interface OwnWeightOptions {
  /** Names the layer in errors. */
  readonly operation: string;
  readonly rows: number;
  readonly cols: number;
  /** Standard deviation of the entries at the start. */
  readonly std: number;
  /** Tells its seed from that of the layer's other matrices. Default: the layer's own seed. */
  readonly seedLabel?: string;
  /** What it is of in the summary. Default [rows, cols]. */
  readonly shape?: Shape;
}

/** A matrix stored as any scheme says. */
export class OwnWeight implements Owned {
  readonly name: string;
  readonly #given: WeightRequest | Weight;
  readonly #options: OwnWeightOptions;
  #seed = 0;
  #dtype: FloatDType | undefined;
  #weight: Weight | undefined;

  /** @throws ArgumentError for a weight of other extents */
  constructor(name: string, given: WeightRequest | Weight, options: OwnWeightOptions) {
    this.name = name;
    this.#given = given;
    this.#options = options;
    if (!(given instanceof Weight)) return;
    const { operation, rows, cols } = options;
    if (given.rows !== rows || given.cols !== cols)
      throw new ArgumentError({
        operation,
        expected: `a weight [${rows}, ${cols}] as ${name}`,
        actual: shapeText([given.rows, given.cols]),
      });
    this.#weight = given;
  }

  get weight(): Weight {
    if (!this.#weight) {
      const { rows, cols, std, seedLabel } = this.#options;
      this.#weight = createWeight(this.#given as WeightRequest, {
        rows,
        cols,
        std,
        seed: seedLabel === undefined ? this.#seed : deriveSeed(this.#seed, seedLabel),
        // A shared space has a precision of its own.
        ...(this.#dtype && !this.#given.space && { dtype: this.#dtype }),
      });
    }
    return this.#weight;
  }

  get space(): SharedSpace | undefined {
    return this.#given.space;
  }

  get spec(): unknown {
    return this.weight.spec;
  }

  parameters(): Named {
    const { weight, name } = this;
    return weight.parameters
      .map((parameter, k) => [`${name}.${weight.arrayNames[k]}`, parameter] as const)
      .filter(([, parameter]) => parameter !== weight.space?.parameter);
  }

  buffers(): Named {
    return [];
  }

  part(): SummaryPart {
    const { name, weight } = this;
    const { shape = [weight.rows, weight.cols] } = this.#options;
    const { definition, parameters, notes } = weight;
    return { name, kind: definition.kind, shape, parameters, notes };
  }

  seedWith(seed: number): void {
    if (!this.#weight) this.#seed = seed;
  }

  useDtype(dtype: FloatDType): void {
    this.#dtype = dtype;
  }

  dispose(): void {
    this.#weight?.dispose();
    this.space?.parameter.value.dispose();
  }

  // A layer read from a file is given its matrices as options.
  restore(): void {}

  adopt(): void {}
}
