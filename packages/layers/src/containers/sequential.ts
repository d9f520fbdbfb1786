import type { Tensor } from '@funhash/tensor';
import { Dense } from '../dense.ts';
import type { LayerSource } from '../layer-options.ts';
import type { LayerSpec, Module } from '../module.ts';
import { type Pass, within } from '../pass.ts';
import type { LayerSample } from '../sample.ts';
import type { Step } from '../steps.ts';
import { type Widths, widthsOfChain } from '../widths.ts';
import { Composite, type ContainerOptions, containerOptions, listed, membersIn } from './composite.ts';

export type SequentialOptions = ContainerOptions;

/** Layers one after the other. */
export class Sequential extends Composite {
  static override readonly type: string = 'sequential';
  static override readonly options = containerOptions;
  static override readonly sample: LayerSample<Module> = {
    input: [3, 4],
    layers: () => [
      new Sequential([
        new Dense({ in: 4, out: 3, activation: 'tanh' }),
        new Sequential([new Dense({ in: 3, out: 2 })]),
      ]),
      new Sequential([]),
    ],
  };
  readonly layers: readonly Module[];
  readonly #widths: Widths;

  constructor(layers: readonly Module[], options: SequentialOptions = {}) {
    super(options, listed('Sequential', layers));
    this.layers = layers;
    this.#widths = widthsOfChain('Sequential', layers);
  }

  override get widths(): Widths {
    return this.#widths;
  }

  compute(x: Tensor, pass: Pass): Tensor {
    let y = x;
    for (let place = 0; place < this.layers.length; place++)
      y = (this.layers[place] as Module).forward(y, within(pass, place));
    return y;
  }

  override inference(): readonly Step<Module>[] {
    return this.layers.flatMap((layer) => layer.inference());
  }

  override get chain(): readonly Module[] {
    return this.layers;
  }

  protected override get memberField(): string {
    return 'layers';
  }

  protected rebuilt(members: ReadonlyMap<string, Module>): Sequential {
    return new Sequential([...members.values()], this.options);
  }

  override get spec(): LayerSpec {
    return { type: Sequential.type, layers: this.layers.map(({ spec }) => spec) };
  }

  static override fromSpec(source: LayerSource): Sequential {
    return new Sequential(membersIn(source, 'layers'));
  }
}
