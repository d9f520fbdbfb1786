import { assign, keep, type Shape, type Tensor, tensor } from '@funhash/tensor';

/** A trainable tensor: a place whose contents optimisers overwrite. */
export class Parameter {
  readonly name: string;
  /** Always the same tensor; its contents change. */
  readonly value: Tensor;

  constructor(name: string, value: Tensor) {
    this.name = name;
    this.value = keep(value);
  }

  /** f32 on the current backend. */
  static of(name: string, values: Float64Array | Float32Array, shape: Shape): Parameter {
    return new Parameter(name, tensor(Float32Array.from(values), shape));
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
