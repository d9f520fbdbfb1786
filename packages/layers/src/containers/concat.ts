import { concat } from '@funhash/autodiff';
import { ArgumentError } from '@funhash/hashing';
import type { Tensor } from '@funhash/tensor';
import { Dense } from '../dense.ts';
import type { LayerSource } from '../layer-options.ts';
import type { LayerSpec, Module } from '../module.ts';
import { type Pass, within } from '../pass.ts';
import type { LayerSample } from '../sample.ts';
import { givenWidth, sharedInput, type Widths } from '../widths.ts';
import { Composite, type ContainerOptions, containerOptions, listed, membersIn } from './composite.ts';

/**
 * The outputs of several branches on one input, side by side along the last axis. An empty `Sequential` is the branch
 * that passes x on.
 */
export class Concat extends Composite {
  static override readonly type: string = 'concat';
  static override readonly options = containerOptions;
  static override readonly sample: LayerSample<Module> = {
    input: [3, 4],
    layers: () => [new Concat([new Dense({ in: 4, out: 2 }), new Dense({ in: 4, out: 3, bias: false })])],
  };
  readonly branches: readonly Module[];
  readonly #widths: Widths;

  constructor(branches: readonly Module[], options: ContainerOptions = {}) {
    super(options, listed('Concat', branches));
    if (branches.length === 0)
      throw new ArgumentError({ operation: 'Concat', expected: 'at least one branch', actual: 'none' });
    this.branches = branches;
    const input = sharedInput('Concat', this.members);
    const outs = branches.map((branch) => givenWidth(branch, input));
    const total = outs.reduce<number | undefined>(
      (sum, out) => (sum === undefined || out === undefined ? undefined : sum + out),
      0,
    );
    this.#widths = { in: input, out: total };
  }

  override get widths(): Widths {
    return this.#widths;
  }

  compute(x: Tensor, pass: Pass): Tensor {
    return concat(
      this.branches.map((branch, place) => branch.forward(x, within(pass, place))),
      -1,
    );
  }

  protected override get memberField(): string {
    return 'branches';
  }

  protected rebuilt(members: ReadonlyMap<string, Module>): Concat {
    return new Concat([...members.values()], this.options);
  }

  override get spec(): LayerSpec {
    return { type: Concat.type, branches: this.branches.map(({ spec }) => spec) };
  }

  static override fromSpec(source: LayerSource): Concat {
    return new Concat(membersIn(source, 'branches'));
  }
}
