import { cast, notEqual } from '@funhash/autodiff';
import type { OptionsOf } from '@funhash/hashing';
import { ShapeError, shapeText, type Tensor } from '@funhash/tensor';
import { Embedding } from '../embedding.ts';
import { type LayerSource, layerOption } from '../layer-options.ts';
import type { LayerSpec, Module } from '../module.ts';
import type { Pass } from '../pass.ts';
import { GRU } from '../recurrent/gru.ts';
import type { LayerSample } from '../sample.ts';
import { type Widths, widthsOfChain } from '../widths.ts';
import { Composite, containerOptions, listed, membersIn } from './composite.ts';

const options = {
  /** The number of padding. Default 0. */
  padding: layerOption.integer({ least: -(2 ** 31), most: 2 ** 31 - 1 }),
  ...containerOptions,
} as const;

export type MaskedOptions = OptionsOf<typeof options>;

/**
 * Layers one after the other over sequences of whole numbers, x [B, T], such as words, some of which are padding: recurrent
 * layers in it keep their state over padded steps, so that a sequence of any length has the output that it would have
 * alone.
 *
 *     new Masked([
 *       new Embedding({ in: 10_000, out: 32 }),
 *       new LSTM({ in: 32, hiddenSize: 32, output: 'last' }),
 *       new Dense({ in: 32, out: 2 }),
 *     ])
 *
 * @throws ShapeError from `forward` for an input that is not [B, T]
 */
export class Masked extends Composite<MaskedOptions> {
  static override readonly type: string = 'masked';
  static override readonly options = options;
  static override readonly sample: LayerSample<Module> = {
    input: [2, 4],
    layers: () => [
      new Masked([new Embedding({ in: 5, out: 3 }), new GRU({ in: 3, hiddenSize: 2 })], { padding: 2 }),
    ],
    below: 5,
  };
  readonly layers: readonly Module[];
  readonly #widths: Widths;

  constructor(layers: readonly Module[], options: MaskedOptions = {}) {
    super(options, listed('Masked', layers));
    this.layers = layers;
    this.#widths = { out: widthsOfChain('Masked', layers).out };
  }

  override get widths(): Widths {
    return this.#widths;
  }

  compute(x: Tensor, pass: Pass): Tensor {
    if (x.rank !== 2)
      throw new ShapeError({
        operation: 'Masked',
        expected: 'numbers of shape [B, T]',
        actual: shapeText(x.shape),
      });
    const { padding = 0 } = this.options;
    const masked = { ...pass, mask: cast(notEqual(x, padding), 'f32') };
    let y = x;
    for (const name of this.members.keys()) y = this.run(name, y, masked);
    return y;
  }

  protected override get memberField(): string {
    return 'layers';
  }

  protected rebuilt(members: ReadonlyMap<string, Module>): Masked {
    return new Masked([...members.values()], this.options);
  }

  override get spec(): LayerSpec {
    return { ...super.spec, layers: this.layers.map(({ spec }) => spec) };
  }

  static override fromSpec(source: LayerSource): Masked {
    return new Masked(membersIn(source, 'layers'), source.options(options));
  }
}
