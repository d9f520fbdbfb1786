import { ArgumentError, deriveSeed } from '@funhash/hashing';
import type { Parameter, SharedSpace } from '@funhash/space';
import { Module } from '../module.ts';
import type { SummaryPart } from '../summary.ts';
import { uniquelyNamed } from '../uniquely-named.ts';

/** A module made of named modules. */
export abstract class Composite extends Module {
  override readonly members: ReadonlyMap<string, Module>;

  readonly #hasSeed: boolean;

  constructor(members: Iterable<readonly [string, Module]>, seed: number | undefined) {
    super();
    this.members = new Map(members);
    this.#hasSeed = seed !== undefined;
    for (const [name, member] of this.members) {
      if (!(member instanceof Module))
        throw new ArgumentError({
          operation: new.target.name,
          expected: `a layer as ${name}`,
          actual: typeof member,
        });
    }
    this.#seedMembers(seed ?? 0);
    this.#checkSpaceNames();
  }

  override seedWith(seed: number): void {
    if (!this.#hasSeed) this.#seedMembers(seed);
  }

  #seedMembers(seed: number): void {
    for (const [name, member] of this.members) member.seedWith(deriveSeed(seed, name));
  }

  override namedParameters(): ReadonlyMap<string, Parameter> {
    const shared = [...this.sharedSpaces()].map(({ name, parameter }) => [name, parameter] as const);
    return this.#named((member) => member.namedParameters(), shared);
  }

  override namedBuffers(): ReadonlyMap<string, Parameter> {
    return this.#named((member) => member.namedBuffers());
  }

  /** What the members have, each once, after what is there already. */
  #named(
    pick: (member: Module) => ReadonlyMap<string, Parameter>,
    first: readonly (readonly [string, Parameter])[] = [],
  ): ReadonlyMap<string, Parameter> {
    const seen = new Set(first.map(([, parameter]) => parameter));
    const found = [...first];
    for (const [place, member] of this.members)
      for (const [name, parameter] of pick(member)) {
        if (seen.has(parameter)) continue;
        seen.add(parameter);
        found.push([`${place}.${name}`, parameter]);
      }
    return uniquelyNamed(this.constructor.name, found);
  }

  override sharedSpaces(): ReadonlySet<SharedSpace> {
    return new Set([...this.members.values()].flatMap((member) => [...member.sharedSpaces()]));
  }

  override parts(): readonly SummaryPart[] {
    return [...this.members].flatMap(([place, member]) =>
      member.parts().map((part) => ({ ...part, name: `${place}.${part.name}` })),
    );
  }

  // Files tell spaces apart by name.
  #checkSpaceNames(): void {
    const names = [...this.sharedSpaces()].map(({ name }) => name);
    if (new Set(names).size !== names.length)
      throw new ArgumentError({
        operation: this.constructor.name,
        expected: 'a name of its own for each shared space',
        actual: names.join(', '),
        remedy: 'Give each SharedSpace a name.',
      });
  }
}
