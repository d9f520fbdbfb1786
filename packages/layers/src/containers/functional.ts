import type { Tensor } from '@funhash/tensor';
import type { Pass } from '../layer.ts';
import type { LayerReader } from '../model-file/layer-reader.ts';
import type { LayerSpec, Module } from '../module.ts';
import { Composite } from './composite.ts';
import type { SequentialOptions } from './sequential.ts';

type Callables<M> = { readonly [K in keyof M]: (x: Tensor) => Tensor };

/**
 * Layers joined by a function of the caller's: branches, skips, several uses of one layer.
 *
 *     new Functional(
 *       { trunk: new Dense({ in: 8, out: 16, activation: 'relu' }), skip: new Dense({ in: 8, out: 4 }), head: … },
 *       (x, { trunk, skip, head }) => add(head(trunk(x)), skip(x)),
 *     );
 *
 * The function is not part of a model file: build the model in code and read values with `loadInto`.
 */
export class Functional<M extends Readonly<Record<string, Module>>> extends Composite {
  static readonly type = 'functional';
  readonly layers: M;
  readonly #join: (x: Tensor, layers: Callables<M>) => Tensor;

  constructor(
    layers: M,
    join: (x: Tensor, layers: Callables<M>) => Tensor,
    { seed }: SequentialOptions = {},
  ) {
    super(Object.entries(layers), seed);
    this.layers = layers;
    this.#join = join;
  }

  compute(x: Tensor, pass: Pass): Tensor {
    const callables = Object.fromEntries(
      Object.entries(this.layers).map(([name, layer]) => [
        name,
        (input: Tensor) => layer.forward(input, pass),
      ]),
    ) as Callables<M>;
    return this.#join(x, callables);
  }

  /** A copy with the same function, for `compress`. */
  rebuilt(reader: LayerReader): Functional<Readonly<Record<string, Module>>> {
    const layers = [...this.members.keys()].map((name) => [name, reader.member(name)] as const);
    // The same names: what the caller's function asks for is there.
    return new Functional(Object.fromEntries(layers), this.#join as never);
  }

  get spec(): LayerSpec {
    const layers = Object.entries(this.layers).map(([name, { spec }]) => [name, spec] as const);
    return { type: Functional.type, layers: Object.fromEntries(layers) };
  }
}
