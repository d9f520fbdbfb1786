import { ArgumentError } from '@funhash/hashing';
import type { Parameter, Weight } from '@funhash/space';
import type { Tensor } from '@funhash/tensor';
import { Dense, type DenseOptions } from '../dense.ts';
import type { LayerSource, StartOptions } from '../layer-options.ts';
import type { LayerSpec, Module, ModuleClass } from '../module.ts';
import type { Pass } from '../pass.ts';
import { Composite, memberIn } from './composite.ts';

/**
 * What a layer made of dense ones asks of each: from the width `in` to the width `out` of its `widths`, a product by one
 * matrix. `Dense` is such a layer; one of your own is, with these members.
 */
export type DensePart = Module & {
  /** V [out, in]. */
  readonly weight: Weight;
  /** Plain values [out], a virtual column, or none. */
  readonly bias: Parameter | Weight | undefined;
  /** What `forward` does, for many x [B, in] of one pass, one after the other. */
  repeated(pass: Pass): (x: Tensor) => Tensor;
};

/** Gives parts by their names, where they are there already: out of a file, or of another layer. */
export type GivenParts = (names: readonly string[]) => Iterable<readonly [string, Module]>;

/** Layers that are made of dense ones, each under a name, by their options alone. */
export abstract class DenseParts<O extends StartOptions> extends Composite<O> {
  /** @param partsOf says of options that were checked what parts there are, and how they are made */
  constructor(
    options: O,
    given: GivenParts | undefined,
    partsOf: (options: O) => ReadonlyMap<string, DenseOptions>,
  ) {
    const { title, type } = new.target as unknown as ModuleClass;
    super(options, (checked) => {
      const wanted = partsOf(checked);
      if (!given) return [...wanted].map(([name, part]) => [name, new Dense(part)] as const);
      const found = new Map(given([...wanted.keys()]));
      for (const [name, part] of wanted) requirePart(title ?? type, name, found.get(name), part);
      return found;
    });
  }

  protected rebuilt(members: ReadonlyMap<string, Module>): Module {
    return new (this.constructor as PartedClass)(this.options, () => members);
  }

  override with(changes: Partial<O>): this {
    const own = this.constructor as unknown as new (options: O, parts: GivenParts) => this;
    return new own({ ...this.options, ...changes }, () => this.members);
  }

  override get spec(): LayerSpec {
    const parts = [...this.members].map(([name, { spec }]) => [name, spec] as const);
    return { ...super.spec, ...Object.fromEntries(parts) };
  }

  static override fromSpec(this: ModuleClass, source: LayerSource): Module {
    // biome-ignore lint/complexity/noThisInStatic: the class that this is called on is built
    const own = this as ModuleClass & PartedClass;
    return new own(source.options(own.options), (names) =>
      names.map((name) => [name, memberIn(source, name)]),
    );
  }
}

type PartedClass = new (options: object, parts: GivenParts) => Module;

function requirePart(
  operation: string,
  name: string,
  part: Module | undefined,
  { in: width, out }: DenseOptions,
): void {
  const { widths, repeated } = (part ?? {}) as Partial<DensePart>;
  // Its matrix is made on first use, by a seed that it does not have yet.
  const isDense = part !== undefined && 'weight' in part && typeof repeated === 'function';
  if (isDense && widths?.in === width && widths.out === out) return;
  throw new ArgumentError({
    operation,
    expected: `a dense layer from ${width} to ${out} as ${name}`,
    actual: isDense ? `one from ${widths?.in} to ${widths?.out}` : 'another layer',
  });
}
