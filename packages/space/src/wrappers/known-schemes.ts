import { ArgumentError, checkArgument } from '@funhash/hashing';
import { type Scheme, schemesRule } from '../scheme.ts';
import { knownOfKind } from './in-basis.ts';

/** The schemes that a file may name. */
export interface KnownSchemes {
  /** What kinds there are. */
  readonly kinds: readonly string[];
  get(kind: string): Scheme | undefined;
}

/** These schemes by any name; found by their kind. */
export function onlySchemes(schemes: Readonly<Record<string, Scheme>>): KnownSchemes {
  requireOwnKinds(schemes);
  const byKind = new Map(Object.values(schemes).map((scheme) => [scheme.definition.kind, scheme]));
  return { kinds: [...byKind.keys()], get: (kind) => byKind.get(kind) };
}

/** These schemes, and one over another, as `dct2d(hashedNet)`. */
export function knownSchemes(schemes: Readonly<Record<string, Scheme>>): KnownSchemes {
  return {
    ...onlySchemes(schemes),
    get: (kind) => knownOfKind(kind, schemes),
  };
}

// A file names schemes by their kinds: of two with one kind, one would be read with the numbers of the other.
function requireOwnKinds(schemes: Readonly<Record<string, Scheme>>): void {
  checkArgument('schemes', 'schemes', schemesRule, schemes);
  const known = new Map<string, Scheme['definition']>();
  for (const { definition } of Object.values(schemes)) {
    if ((known.get(definition.kind) ?? definition) !== definition)
      throw new ArgumentError({
        operation: 'schemes',
        expected: 'a kind of its own for each scheme',
        actual: `two schemes of the kind ${definition.kind}`,
        remedy: 'Give yours another kind, and save its models again.',
      });
    known.set(definition.kind, definition);
  }
}
