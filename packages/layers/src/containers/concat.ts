import { concat } from '@funhash/autodiff';
import { ArgumentError } from '@funhash/hashing';
import type { Tensor } from '@funhash/tensor';
import type { Pass } from '../layer.ts';
import type { LayerReader } from '../model-file/layer-reader.ts';
import type { LayerSpec, Module } from '../module.ts';
import { Composite } from './composite.ts';
import type { SequentialOptions } from './sequential.ts';

/**
 * The outputs of several branches on one input, side by side along the last axis. An empty `Sequential` is the branch
 * that passes x on.
 */
export class Concat extends Composite {
  static readonly type = 'concat';
  readonly branches: readonly Module[];

  constructor(branches: readonly Module[], { seed }: SequentialOptions = {}) {
    super(
      branches.map((branch, place) => [String(place), branch] as const),
      seed,
    );
    if (branches.length === 0)
      throw new ArgumentError({ operation: 'Concat', expected: 'at least one branch', actual: 'none' });
    this.branches = branches;
  }

  compute(x: Tensor, pass: Pass): Tensor {
    return concat(
      this.branches.map((branch) => branch.forward(x, pass)),
      -1,
    );
  }

  get spec(): LayerSpec {
    return { type: Concat.type, branches: this.branches.map(({ spec }) => spec) };
  }

  static fromSpec(reader: LayerReader): Concat {
    return new Concat(reader.members('branches'));
  }
}
