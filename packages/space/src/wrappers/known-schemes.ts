import type { Scheme } from '../scheme.ts';
import { schemeOfKind } from './in-basis.ts';

/** The schemes that a file may name. */
export interface KnownSchemes {
  /** What kinds there are. */
  readonly kinds: readonly string[];
  get(kind: string): Scheme | undefined;
}

/** These schemes by any name; found by their kind. */
export function onlySchemes(schemes: Readonly<Record<string, Scheme>>): KnownSchemes {
  const byKind = new Map(Object.values(schemes).map((scheme) => [scheme.definition.kind, scheme]));
  return { kinds: [...byKind.keys()], get: (kind) => byKind.get(kind) };
}

/** These schemes, and one over another, as `dct2d(hashedNet)`. */
export function knownSchemes(schemes: Readonly<Record<string, Scheme>>): KnownSchemes {
  return {
    ...onlySchemes(schemes),
    get: (kind) => schemeOfKind(kind, schemes),
  };
}
