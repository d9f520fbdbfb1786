import { ArgumentError, deriveSeed, shownValue } from '@funhash/hashing';
import type { Parameter, SharedSpace } from '@funhash/space';
import type { FloatDType, Tensor } from '@funhash/tensor';
import { type LayerSource, type StartOptions, startOptions } from '../layer-options.ts';
import { type LayerSpec, Module } from '../module.ts';
import { type Pass, within } from '../pass.ts';
import type { SummaryPart } from '../summary.ts';
import { uniquelyNamed } from '../uniquely-named.ts';

export const containerOptions = {
  /** Decides start values and hashes of all layers that have no seed of their own. Default: from the network around it, or 0. */
  seed: startOptions.seed,
  /** Precision of the parameters of all layers that have none of their own. Default f32. Files hold f32 in any case. */
  dtype: startOptions.dtype,
} as const;

export type ContainerOptions = StartOptions;

type Members = Iterable<readonly [name: string, member: Module]>;

/** A module made of named modules. */
export abstract class Composite<O extends StartOptions = StartOptions> extends Module<O> {
  override readonly members: ReadonlyMap<string, Module>;

  /**
   * @param members by name, or made of options that were checked
   * @throws ArgumentError for members that are no layers, and for shared spaces of one name
   */
  constructor(options: O, members: Members | ((options: O) => Members)) {
    super(options);
    const named = typeof members === 'function' ? members(this.options) : members;
    this.members = new Map(entriesOf(this.title, named));
    for (const [name, member] of this.members)
      if (!(member instanceof Module))
        throw new ArgumentError({
          operation: this.title,
          expected: `a layer as ${name}`,
          actual: shownValue(member),
        });
    const { seed = 0, dtype } = this.options;
    this.#seedMembers(seed);
    if (dtype !== undefined) this.#setDtype(dtype);
    this.#checkSpaceNames();
  }

  /** The field of a description that lists the members; undefined: each is a field of its own name. */
  protected get memberField(): string | undefined {
    return undefined;
  }

  override memberSpec(spec: LayerSpec, name: string): unknown {
    const field = this.memberField;
    const list = field === undefined ? spec : spec[field];
    return typeof list === 'object' && list !== null && Object.hasOwn(list, name)
      ? (list as Readonly<Record<string, unknown>>)[name]
      : undefined;
  }

  /** A module of this kind, with these members in place of its own. */
  protected abstract rebuilt(members: ReadonlyMap<string, Module>): Module;

  override withMembers(change: (member: Module, name: string) => Module): Module {
    const changed = new Map([...this.members].map(([name, member]) => [name, change(member, name)]));
    const module = this.handedTo(this.rebuilt(changed));
    module.signature = this.signature;
    return module;
  }

  /** The output of a member, seen under its name. */
  protected run(name: string, x: Tensor, pass: Pass): Tensor {
    return (this.members.get(name) as Module).forward(x, within(pass, name));
  }

  override seedWith(seed: number): void {
    super.seedWith(seed);
    if (this.options.seed === undefined) this.#seedMembers(seed);
  }

  override useDtype(dtype: FloatDType): void {
    super.useDtype(dtype);
    if (this.options.dtype === undefined) this.#setDtype(dtype);
  }

  #seedMembers(seed: number): void {
    for (const [name, member] of this.members) member.seedWith(deriveSeed(seed, name));
  }

  #setDtype(dtype: FloatDType): void {
    for (const member of this.members.values()) member.useDtype(dtype);
  }

  override namedParameters(): ReadonlyMap<string, Parameter> {
    return this.#named((member) => member.namedParameters(), super.namedParameters());
  }

  override namedBuffers(): ReadonlyMap<string, Parameter> {
    return this.#named((member) => member.namedBuffers(), super.namedBuffers());
  }

  /** What the members have, each once, after what is there already. */
  #named(
    pick: (member: Module) => ReadonlyMap<string, Parameter>,
    first: ReadonlyMap<string, Parameter>,
  ): ReadonlyMap<string, Parameter> {
    const seen = new Set(first.values());
    const found = [...first];
    for (const [place, member] of this.members)
      for (const [name, parameter] of pick(member)) {
        if (seen.has(parameter)) continue;
        seen.add(parameter);
        found.push([`${place}.${name}`, parameter]);
      }
    return uniquelyNamed(this.title, found);
  }

  override sharedSpaces(): ReadonlySet<SharedSpace> {
    const others = [...this.members.values()].flatMap((member) => [...member.sharedSpaces()]);
    return new Set([...super.sharedSpaces(), ...others]);
  }

  override parts(): readonly SummaryPart[] {
    const others = [...this.members].flatMap(([place, member]) =>
      member.parts().map((part) => ({ ...part, name: `${place}.${part.name}` })),
    );
    return [...super.parts(), ...others];
  }

  // Files tell spaces apart by name.
  #checkSpaceNames(): void {
    const names = [...this.sharedSpaces()].map(({ name }) => name);
    if (new Set(names).size !== names.length)
      throw new ArgumentError({
        operation: this.title,
        expected: 'a name of its own for each shared space',
        actual: names.join(', '),
        remedy: 'Give each SharedSpace a name.',
      });
  }
}

// A class in JavaScript may hand on anything.
function entriesOf(operation: string, members: unknown): [string, Module][] {
  const list =
    typeof members === 'object' && members !== null && Symbol.iterator in members ? members : [members];
  const entries: unknown[] = [...(list as Iterable<unknown>)];
  const stranger = entries.findIndex((entry) => !Array.isArray(entry));
  if (stranger >= 0)
    throw new ArgumentError({
      operation,
      expected: 'layers by name, as [name, layer]',
      actual: shownValue(entries[stranger]),
    });
  return entries as [string, Module][];
}

/** Layers in a list, by their places. @throws ArgumentError for anything but a list */
export function listed(operation: string, layers: readonly Module[]): [string, Module][] {
  if (Array.isArray(layers)) return Array.from(layers, (layer, place) => [String(place), layer]);
  throw new ArgumentError({
    operation,
    expected: 'a list of layers',
    actual: shownValue(layers),
    remedy: `Put them in brackets: new ${operation}([…]).`,
  });
}

/** The layer under a name of a description. */
export function memberIn(source: LayerSource, name: string): Module {
  return source.member(name) as Module;
}

/** The layers that a description lists under a name. */
export function membersIn(source: LayerSource, name: string): Module[] {
  return source.members(name) as Module[];
}
