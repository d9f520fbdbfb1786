import { assign, keep, type Shape, type Tensor, tensor } from '@funhash/tensor';

/** How optimisers treat a parameter. */
export interface ParameterRule {
  /** Values are kept within after every update. Default: any. */
  readonly bounds?: readonly [low: number, high: number];
  /** Multiplies the learning rate. Default 1. */
  readonly rate?: number;
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

  /** f32 on the current backend. */
  static of(
    name: string,
    values: Float64Array | Float32Array,
    shape: Shape,
    rule: ParameterRule = {},
  ): Parameter {
    return new Parameter(name, tensor(Float32Array.from(values), shape), rule);
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
