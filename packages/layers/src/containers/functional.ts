import { checkArgument, option } from '@funhash/hashing';
import type { Tensor } from '@funhash/tensor';
import type { LayerSpec, Module } from '../module.ts';
import type { Pass } from '../pass.ts';
import { Composite, type ContainerOptions, containerOptions } from './composite.ts';

const layersRule = option.that<Readonly<Record<string, Module>>>(
  'a record of layers, such as { trunk, head }',
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);

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
  static override readonly type: string = 'functional';
  static override readonly options = containerOptions;
  readonly layers: M;
  readonly #join: (x: Tensor, layers: Callables<M>) => Tensor;

  constructor(layers: M, join: (x: Tensor, layers: Callables<M>) => Tensor, options: ContainerOptions = {}) {
    checkArgument('Functional', 'layers', layersRule, layers);
    checkArgument('Functional', 'join', option.callable('a function of x and the layers'), join);
    super(options, Object.entries(layers));
    this.layers = layers;
    this.#join = join;
  }

  compute(x: Tensor, pass: Pass): Tensor {
    const callables = Object.fromEntries(
      Object.keys(this.layers).map((name) => [name, (input: Tensor) => this.run(name, input, pass)]),
    ) as Callables<M>;
    return this.#join(x, callables);
  }

  protected override get memberField(): string {
    return 'layers';
  }

  protected rebuilt(members: ReadonlyMap<string, Module>): Functional<Readonly<Record<string, Module>>> {
    // The same names: what the caller's function asks for is there.
    return new Functional(Object.fromEntries(members), this.#join as never, this.options);
  }

  override get spec(): LayerSpec {
    const layers = Object.entries(this.layers).map(([name, { spec }]) => [name, spec] as const);
    return { type: Functional.type, layers: Object.fromEntries(layers) };
  }
}
