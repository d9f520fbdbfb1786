import { ArgumentError } from '@funhash/hashing';

/** A class of layers as far as files tell it from others. */
export interface Typed {
  readonly type: string;
}

const taken = new Set<Typed>();

/** Keeps types for the classes of this package: `load` builds these of them, and none of a user's. */
export function keepTypes(classes: Iterable<Typed>): void {
  for (const layer of classes) taken.add(layer);
}

/** Refuses classes of one type, of which a file could not tell one from the other. @throws ArgumentError */
export function requireOwnTypes(operation: string, classes: Iterable<Typed>): void {
  const known = new Map<string, Typed>();
  for (const layer of classes) {
    if ((known.get(layer.type) ?? layer) !== layer)
      throw new ArgumentError({
        operation,
        expected: 'a type of its own for each class of layers',
        actual: `two classes of the type ${layer.type}`,
        remedy: 'Give yours another static type, and save its models again.',
      });
    known.set(layer.type, layer);
  }
}

/** Refuses to write classes that `load` would build others of. @throws ArgumentError */
export function requireTypesForFile(operation: string, classes: Iterable<Typed>): void {
  // One without a type is in no file that `load` reads: `loadInto` alone takes it.
  const named = [...classes].filter(({ type }) => type !== '');
  requireOwnTypes(operation, [...taken, ...named]);
}
