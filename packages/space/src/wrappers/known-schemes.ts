import { ArgumentError, checkArgument } from '@funhash/hashing';
import { hashesRule, type OwnHash } from '../own-hash.ts';
import { type Scheme, schemesRule } from '../scheme.ts';
import { knownOfKind } from './in-basis.ts';

/** The schemes that a file may name. */
export interface KnownSchemes {
  /** What kinds there are. */
  readonly kinds: readonly string[];
  /** @param own whether it is a scheme of the user's own, or over one. Default false */
  get(kind: string, own?: boolean): Scheme | undefined;
  /** Hashes of the caller's own, that options may name. Default none. */
  readonly hashes?: readonly OwnHash[];
}

type Hashes = Readonly<Record<string, OwnHash>>;

/** These schemes by any name; found by their kind. */
export function onlySchemes(schemes: Readonly<Record<string, Scheme>>, hashes: Hashes = {}): KnownSchemes {
  requireOwnKinds(schemes);
  checkArgument('schemes', 'hashes', hashesRule, hashes);
  const all = Object.values(schemes);
  return {
    kinds: [...new Set(all.map(({ definition }) => definition.kind))],
    get: (kind, own = false) =>
      all.find(({ definition }) => definition.kind === kind && (definition.isOwn ?? false) === own),
    hashes: Object.values(hashes),
  };
}

/** These schemes, and one over another, as `dct2d(hashedNet)`. */
export function knownSchemes(schemes: Readonly<Record<string, Scheme>>, hashes: Hashes = {}): KnownSchemes {
  return {
    ...onlySchemes(schemes, hashes),
    get: (kind, own = false) => knownOfKind(kind, schemes, own),
  };
}

// A file names schemes by their kinds: of two with one kind, one would be read with the numbers of the other.
function requireOwnKinds(schemes: Readonly<Record<string, Scheme>>): void {
  checkArgument('schemes', 'schemes', schemesRule, schemes);
  const known = new Map<string, Scheme['definition']>();
  for (const { definition } of Object.values(schemes)) {
    const name = `${definition.kind}${definition.isOwn ? ' of its own' : ''}`;
    if ((known.get(name) ?? definition) !== definition)
      throw new ArgumentError({
        operation: 'schemes',
        expected: 'a kind of its own for each scheme',
        actual: `two schemes of the kind ${definition.kind}`,
        remedy: 'Give yours another kind, and save its models again.',
      });
    known.set(name, definition);
  }
}
