import { refuseUnknown } from '@funhash/hashing';
import { assign, type FloatDType, keep, type Shape, type Tensor, tensor } from '@funhash/tensor';

/** How optimisers treat a parameter. */
export interface ParameterRule {
  /** Values are kept within after every update. Default: any. */
  readonly bounds?: readonly [low: number, high: number];
  /** Multiplies the learning rate. Default 1. */
  readonly rate?: number;
  /**
   * The stored value beside it whose multiples from `low` to `high` are all that its values come to: files hold the nearest
   * ones. Default: files hold the values.
   */
  readonly multiples?: { readonly of: string; readonly low: number; readonly high: number };
}

export interface ParameterOptions extends ParameterRule {
  /** Default f32. f64 is for checking gradients: files store f32. */
  readonly dtype?: FloatDType | undefined;
}

/** A trainable tensor: a place whose contents optimisers overwrite. */
export class Parameter {
  readonly name: string;
  /** Always the same tensor; its contents change. */
  readonly value: Tensor;

  readonly rule: ParameterRule;

  constructor(name: string, value: Tensor, rule: ParameterRule = {}) {
    this.name = name;
    this.value = keep(value);
    this.rule = rule;
  }

  /**
   * Makes a parameter of these values on the current backend.
   *
   * @param values row by row, as many as the shape has elements
   * @throws OptionError for an unknown option, ShapeError where values do not fit the shape
   */
  static of(
    name: string,
    values: Float64Array | Float32Array,
    shape: Shape,
    { dtype = 'f32', ...rule }: ParameterOptions = {},
  ): Parameter {
    refuseUnknown('Parameter.of', ['bounds', 'rate', 'multiples'], rule);
    return new Parameter(name, tensor(values, shape, { dtype }), rule);
  }

  /** Overwrites the contents. */
  assign(values: Tensor): void {
    assign(this.value, values);
  }

  /** Grows with every change of the contents. */
  get version(): number {
    return this.value.storage.version;
  }
}
