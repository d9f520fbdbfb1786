import type { Tensor } from '@funhash/tensor';
import type { Pass } from '../layer.ts';
import type { LayerReader } from '../model-file/layer-reader.ts';
import type { LayerSpec, Module } from '../module.ts';
import { Composite } from './composite.ts';

export interface SequentialOptions {
  /** Decides start values and hashes of all layers that have no seed of their own. Default: from the network around it, or 0. */
  readonly seed?: number;
}

/** Layers one after the other. */
export class Sequential extends Composite {
  static readonly type = 'sequential';
  readonly layers: readonly Module[];

  constructor(layers: readonly Module[], { seed }: SequentialOptions = {}) {
    super(
      layers.map((layer, place) => [String(place), layer] as const),
      seed,
    );
    this.layers = layers;
  }

  compute(x: Tensor, pass: Pass): Tensor {
    return this.layers.reduce((input, layer) => layer.forward(input, pass), x);
  }

  get spec(): LayerSpec {
    return { type: Sequential.type, layers: this.layers.map(({ spec }) => spec) };
  }

  static fromSpec(reader: LayerReader): Sequential {
    return new Sequential(reader.members('layers'));
  }
}
